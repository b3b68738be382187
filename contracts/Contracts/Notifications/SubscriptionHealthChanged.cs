using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// A subscription's receiver fares otherwise than before (<see cref="NotificationTypes.SubscriptionHealthChanged"/>). Told for each
/// change of the state, never for each failure.
/// </summary>
public sealed record SubscriptionHealthChanged : Notification<ChangedHealth>;

/// <summary>How a subscription's receiver fares since the notification's <c>timestamp</c>.</summary>
public sealed record ChangedHealth
{
    /// <summary>The subscription, <c>sub_…</c>.</summary>
    [JsonPropertyName("subscription_id")]
    public required string SubscriptionId { get; init; }

    /// <summary>
    /// <c>healthy</c>; <c>failing</c> (several attempts in a row were no success); <c>throttled</c> (the receiver asked for a minute or
    /// more); <c>open</c> (deliveries wait until the receiver answers again); <c>recovering</c> (it does, and is sent a few at a time).
    /// </summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>The outcome of the last attempt that was no success, such as <c>timed_out</c>; null when there is none.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The state before, one of the same words.</summary>
    [JsonPropertyName("previous_state")]
    public required string PreviousState { get; init; }
}
