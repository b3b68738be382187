using System.Text.Json.Nodes;
using Webhooks.Management.Secrets;
using Webhooks.Subscriptions.Profiles;

using Webhooks.Api.OpenApi;

namespace Webhooks.Management.OpenApi;

/// <summary>How the profiles are described: their envelopes and headers, from the data that they are.</summary>
internal static class EnvelopeDocs
{
    /// <summary>A profile's body.</summary>
    public static Schema Of(Profile profile) => Schema.Object(
        $"A body in the profile `{profile.Name}`, its members in this order.",
        profile.Envelope.Where(IsAlwaysThere).Select(field => field.Name),
        [.. profile.Envelope.Select(field => (field.Name, Of(field)))]).Named($"{char.ToUpperInvariant(profile.Name[0])}{profile.Name[1..]}Body");

    /// <summary>A profile's headers as parameters, by the name they have among the components.</summary>
    public static IEnumerable<KeyValuePair<string, JsonObject>> HeadersOf(Profile profile) =>
    [
        .. profile.Headers.Select(header => Header(profile, header.Name, DescriptionOf(header.Value))),
        Header(
            profile,
            profile.Signature.SignatureHeader,
            $"The signature: {profile.Signature.Algorithm} over `{profile.Signature.MessageTemplate}`, written as `{profile.Signature.ValueTemplate}`. The example is genuine: that of the example of `{SentExample.Type}`, minified, under the secret `{SecretDocs.Example}`."),
    ];

    private static KeyValuePair<string, JsonObject> Header(Profile profile, string name, string description) => new(
        $"{profile.Name}.{name}",
        new JsonObject
        {
            ["name"] = name,
            ["in"] = Parameter.InHeader,
            ["description"] = $"{description} Sent under the profile `{profile.Name}`.",
            ["schema"] = new JsonObject { ["type"] = "string" },
            ["example"] = SentExample.Headers(profile)[name]?.DeepClone(),
        });

    private static bool IsAlwaysThere(EnvelopeField field) => field.Value is not (EnvelopeValue.ContextId or EnvelopeValue.Metadata or EnvelopeValue.DataMember);

    private static Schema Of(EnvelopeField field) => field.Value switch
    {
        EnvelopeValue.EventId => Words.EventId,
        EnvelopeValue.EventType => Words.EventType,
        EnvelopeValue.Timestamp => Schema.Text("When it happened, as its publisher spelled it: ISO 8601 with an offset.", "2024-01-20T10:30:00Z"),
        EnvelopeValue.TimestampUtcMilliseconds => Schema.Time("When it happened: UTC with three decimals.", "2024-01-20T10:30:00.000Z"),
        EnvelopeValue.TimestampUnixSeconds => Schema.Whole("When it happened: seconds since 1970, rounded down.", 1705746600),
        EnvelopeValue.Version => Schema.Text("The version of the shape of `data`.", "1.0"),
        EnvelopeValue.TenantId => Words.TenantId,
        EnvelopeValue.ContextId => Schema.Text("What it belongs to; left out when the event has none.", "ctx_abc123"),
        EnvelopeValue.Data => Schema.AnyObject("What happened.", []),
        EnvelopeValue.Metadata => Schema.AnyObject("Anything else that receivers may want to know; left out when the event has none.", []),
        EnvelopeValue.FixedText => Schema.OneOf($"Always `{field.Argument}`.", field.Argument, [field.Argument]),
        EnvelopeValue.DataMember => Schema.Given(new JsonObject { ["description"] = $"The member `{field.Argument}` of `data`; left out when there is none." }, null),
        _ => throw new InvalidOperationException($"Say here how {field.Value} is described."),
    };

    private static string DescriptionOf(HeaderValue value) => value switch
    {
        HeaderValue.EventId => "The event's id, the same in every attempt.",
        HeaderValue.EventIdWithoutDots => "The event's id with each dot replaced by `_`, the same in every attempt.",
        HeaderValue.AttemptTime => "When the attempt was made, in seconds since 1970.",
        HeaderValue.EventTime => "When the event happened, in seconds since 1970.",
        _ => throw new InvalidOperationException($"Say here how {value} is described."),
    };
}
