using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>A delivery has used up its attempts, or its time (<see cref="NotificationTypes.DeliveryExhausted"/>). It can be replayed.</summary>
public sealed record DeliveryExhausted : Notification<EndedDelivery>;

/// <summary>A delivery ended by an outcome that is not tried again (<see cref="NotificationTypes.DeliveryFailed"/>). It can be replayed.</summary>
public sealed record DeliveryFailed : Notification<EndedDelivery>;

/// <summary>A delivery that ended without being delivered. Of an event whose type starts with <c>webhook.</c> nothing is told.</summary>
public sealed record EndedDelivery
{
    /// <summary>The delivery, <c>dlv_…</c>.</summary>
    [JsonPropertyName("delivery_id")]
    public required string DeliveryId { get; init; }

    /// <summary>The event that was to be delivered.</summary>
    [JsonPropertyName("event_id")]
    public required string EventId { get; init; }

    /// <summary>The event's type, such as <c>exception.created</c>.</summary>
    [JsonPropertyName("event_type")]
    public required string EventType { get; init; }

    /// <summary>The subscription, <c>sub_…</c>. Its URL is not told, because some URLs are secrets.</summary>
    [JsonPropertyName("subscription_id")]
    public required string SubscriptionId { get; init; }

    /// <summary><c>exhausted</c> or <c>failed</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>
    /// Why it ended: <c>attempts_used_up</c>; <c>held_too_long</c> (it has waited a day for a receiver that was down);
    /// <c>not_retried</c> (the subscription's rule does not try this outcome again); <c>gone</c> (the receiver answered 410, which also
    /// disables the subscription).
    /// </summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>How many attempts were made; 0 where it is <c>held_too_long</c> and never was the one to be tried.</summary>
    [JsonPropertyName("attempts")]
    public required int Attempts { get; init; }

    /// <summary>
    /// The last attempt's outcome, such as <c>server_error</c> or <c>timed_out</c>; where it is <c>held_too_long</c>, that of the
    /// last attempt at its receiver.
    /// </summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    /// <summary>The last answer's HTTP status; null without an answer.</summary>
    [JsonPropertyName("status_code")]
    public int? StatusCode { get; init; }

    /// <summary>A sentence for the subscription's owner about the last attempt.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }
}
