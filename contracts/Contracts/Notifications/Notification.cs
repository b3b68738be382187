using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// Something that happened to a delivery or a subscription, as every notification has it. Published as plain JSON to the
/// topic exchange <see cref="BrokerNames.NotificationsExchange"/> with routing key = <see cref="Type"/>, at least once.
/// MassTransit consumers bind their endpoint to that exchange and use <c>UseRawJsonDeserializer()</c>; the header
/// <c>MT-MessageType</c> names the record of the type (<c>Webhooks.Contracts:DeliveryExhausted</c>) and
/// <see cref="Notification"/>, so that either can be consumed.
/// </summary>
/// <typeparam name="TData">What the type tells.</typeparam>
public abstract record Notification<TData>
{
    /// <summary>
    /// What it is about and its status, such as <c>dlv_0192…_exhausted</c>. The same notification told again has the same id,
    /// which is also the AMQP message id and the id of the event that subscriptions to the <c>webhook.…</c> type get.
    /// </summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>One of <see cref="NotificationTypes"/>, or a newer one.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>When it happened, in UTC: <c>2024-01-20T10:30:00.000Z</c>.</summary>
    [JsonPropertyName("timestamp")]
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Whose delivery or subscription it is.</summary>
    [JsonPropertyName("tenant_id")]
    public required string TenantId { get; init; }

    /// <summary>The ids and the reason. Members may be added.</summary>
    [JsonPropertyName("data")]
    public required TData Data { get; init; }
}

/// <summary>A notification of any type, its <c>data</c> as JSON: for consumers that want all of them (routing key <c>#</c>).</summary>
public sealed record Notification : Notification<JsonElement>;
