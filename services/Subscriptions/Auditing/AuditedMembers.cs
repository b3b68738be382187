using System.Text.Json.Nodes;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Subscriptions.Auditing;

/// <summary>
/// Settings by the names and in the shapes that the API gives them, as the audit tells them. Whoever adds a setting adds
/// it here (a test compares the two); values that may be credentials, such as those of headers, are masked here.
/// </summary>
internal static class AuditedMembers
{
    public const string Headers = "headers";

    /// <summary>Every setting; null where there is nothing.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> Of(SubscriptionSettings settings) =>
    [
        new("url", settings.Url),
        new("event_types", new JsonArray([.. settings.EventTypes.Select(type => JsonValue.Create(type))])),
        new("profile", settings.Profile.Name),
        new("description", settings.Description),
        new("retry", Parse(RetryJson.Write(settings.Retry))),
        new("retry_on", settings.RetryOn is { } rule ? RetryOnName.Of(rule) : null),
        new("timeout_seconds", settings.Timeout?.TotalSeconds),
        new("rate_limit", settings.RateLimit is { } rate ? new JsonObject { ["per_second"] = rate } : null),
        new("max_in_flight", settings.MaxInFlight),
        new("ordering", settings.OrderingKey is null ? null : OrderingKey.ByKey),
        new("ordering_key", settings.OrderingKey?.Pointer),
        new("filter", Parse(settings.Filter?.Json)),
        new("transform", Parse(settings.Transform?.Json)),
        new("channel", settings.Channel),
        new("signature", Parse(SignatureJson.Write(settings.Signature))),
        new("send_traceparent", settings.SendTraceparent),
        new(Headers, settings.Headers is { } headers ? new JsonObject(headers.Shown.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value))) : null),
    ];

    private static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);
}
