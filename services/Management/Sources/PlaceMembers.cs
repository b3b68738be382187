using Webhooks.Api.Bodies;
using Webhooks.Api.Problems;
using Webhooks.Management.Subscriptions;
using Webhooks.Signatures.Templates;
using Webhooks.Sources;
using JsonPointer = Webhooks.Subscriptions.Json.JsonPointer;

namespace Webhooks.Management.Sources;

/// <summary>Reads where in a webhook a value is.</summary>
internal static class PlaceMembers
{
    public const int LongestName = 256;

    public static Words<PlaceKind> Kinds { get; } = new(
        ("path", PlaceKind.Path), ("query", PlaceKind.Query), ("header", PlaceKind.Header), ("pointer", PlaceKind.Pointer));

    public static ValuePlace? Read(MemberReader body, string name, ValuePlace? present, ValuePlace? usual, IReadOnlyList<PlaceKind> allowed)
    {
        if (body.Object(name) is not { } members)
        {
            return body.Names(name) && !body.Has(name) ? usual : present;
        }

        var names = string.Join(", ", allowed.Select(kind => Kinds.Of(kind)));
        var from = members.Text<PlaceKind?>("from", null, null, text => Kinds.Read(text) is { Value: { } kind } && allowed.Contains(kind)
            ? Reading<PlaceKind?>.Of(kind)
            : Reading<PlaceKind?>.Refuse(FieldError.InvalidValue, $"It must be one of {names}."));
        if (from is null && !members.IsFaulty("from"))
        {
            members.Fault("from", FieldError.Required, $"It must be one of {names}.");
        }

        var named = members.Text<string?>("name", null, null, text => FaultOf(from, text) is { } fault
            ? Reading<string?>.Refuse(FieldError.InvalidFormat, fault)
            : Reading<string?>.Of(text));
        if (from is not null and not PlaceKind.Path && named is null && !members.IsFaulty("name"))
        {
            members.Fault("name", FieldError.Required, "Name the parameter or header, or give the pointer.");
        }

        members.RefuseOthers();
        return from is { } place ? new ValuePlace(place, named) : present;
    }

    private static string? FaultOf(PlaceKind? from, string text) => from switch
    {
        _ when text.Length is 0 or > LongestName => $"It must have 1 to {LongestName} characters.",
        PlaceKind.Path => "The path has no names: leave it out.",
        PlaceKind.Query => text.AsSpan().ContainsAnyExceptInRange('!', '~') ? "It must be printable ASCII without blanks." : null,
        PlaceKind.Header => HeaderName.IsValid(text) ? null : "It is not the name of a header.",
        PlaceKind.Pointer => JsonPointer.TryParse(text, out _) ? null : "It is not a JSON pointer (RFC 6901), such as /issue/key.",
        _ => null,
    };
}
