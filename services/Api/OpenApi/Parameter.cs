using Webhooks.Api.Access;

namespace Webhooks.Api.OpenApi;

/// <summary>Something that a request carries beside its body.</summary>
/// <param name="In"><c>path</c>, <c>query</c> or <c>header</c>.</param>
/// <param name="Name">As it is spelled there.</param>
/// <param name="Schema">What it may be, and the sentence that describes it.</param>
internal sealed record Parameter(string In, string Name, Schema Schema)
{
    public const string InPath = "path";
    public const string InQuery = "query";
    public const string InHeader = "header";

    /// <summary>The length of a page, and where it begins: every list has both.</summary>
    public static IReadOnlyList<Parameter> Page { get; } =
    [
        Query("limit", Schema.Whole("How many items the page has at most.", 50, 1, Pages.QueryReader.LargestLimit).Default(Pages.QueryReader.DefaultLimit)),
        Query(
            Pages.QueryReader.CursorName,
            Schema.Text("Where the page begins: the `next_cursor` of the page before. Without it the list begins with the newest.", "cwjekPEBHgAAAZjA3hkwcZqT9aEMFyx8aA")),
    ];

    /// <summary>When what a list is about was created.</summary>
    public static IReadOnlyList<Parameter> Period { get; } =
    [
        Query("since", Schema.Time("Only what was created at this time or later, as ISO 8601 with an offset.", "2024-01-20T00:00:00Z")),
        Query("until", Schema.Time("Only what was created before this time, as ISO 8601 with an offset.", "2024-01-21T00:00:00Z")),
    ];

    /// <summary>Whose things a list is about.</summary>
    public static Parameter Tenant { get; } = Query(
        Caller.TenantMember,
        Schema.Text("Only what belongs to this tenant. A tenant's token sees nothing else anyway, and is refused when it names another; without the parameter an administrator's token sees all tenants.", (string?)Words.TenantId.Example, 1));

    /// <summary>The precondition of a change.</summary>
    public static Parameter IfMatch { get; } = Header(
        "If-Match",
        Schema.Text("The `ETag` of the answer that the change is based on. When the resource has changed since, nothing happens and the answer is 412. Without the header the change is made in any case.", "\"3-57\""));

    /// <summary>Required, as all of a path is.</summary>
    public static Parameter Path(string name, Schema schema) => new(InPath, name, schema);

    public static Parameter Query(string name, Schema schema) => new(InQuery, name, schema);

    public static Parameter Header(string name, Schema schema) => new(InHeader, name, schema);
}
