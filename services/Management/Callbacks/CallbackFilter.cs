using Webhooks.Api.Access;
using Webhooks.Api.Pages;

namespace Webhooks.Management.Callbacks;

/// <summary>Which callbacks a list is about; null does not restrict.</summary>
internal sealed record CallbackFilter
{
    /// <summary>All that a callback may have, in the order of its life.</summary>
    public static readonly IReadOnlyList<string> Statuses = ["reserved", "accepted", "applied", "failed"];

    public string? TenantId { get; init; }

    public string? ExceptionId { get; init; }

    public string? Status { get; init; }

    public static CallbackFilter Read(QueryReader query, Caller caller) => new()
    {
        Status = query.OneOf("status", Statuses),
        TenantId = caller.TenantOfList(query.Text(Caller.TenantMember)),
        ExceptionId = query.Text("exception_id"),
    };
}
