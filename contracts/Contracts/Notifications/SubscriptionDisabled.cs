using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// A subscription takes no deliveries any more, and those that waited are canceled (<see cref="NotificationTypes.SubscriptionDisabled"/>).
/// Told each time that one is disabled, not when it is deleted.
/// </summary>
public sealed record SubscriptionDisabled : Notification<DisabledSubscription>;

/// <summary>A subscription that was disabled, at the notification's <c>timestamp</c>.</summary>
public sealed record DisabledSubscription
{
    /// <summary>The subscription, <c>sub_…</c>.</summary>
    [JsonPropertyName("subscription_id")]
    public required string SubscriptionId { get; init; }

    /// <summary>
    /// <c>gone</c>: its receiver answered 410. <c>failing_5_days</c>: no attempt of five days was a success. <c>requested</c>: a
    /// person or a script did it.
    /// </summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}
