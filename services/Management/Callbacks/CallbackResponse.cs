using System.Diagnostics;
using System.Text.Json.Serialization;
using Webhooks.Api.Bodies;
using Webhooks.Contracts;

namespace Webhooks.Management.Callbacks;

/// <summary>A callback in lists.</summary>
internal record CallbackResponse(
    string Id,
    string TenantId,
    string ExceptionId,
    string ExternalSystem,
    string? SourceId,
    string IdempotencyKey,
    string Status,
    string? Reason,
    bool Superseded,
    Guid CommandId,
    DateTimeOffset CreatedAt,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? AnsweredAt)
{
    public static CallbackResponse Of(StoredCallback callback) => new(
        PrefixedId.Format(PrefixedId.Callback, callback.Id),
        callback.TenantId,
        callback.ExceptionId,
        callback.ExternalSystem,
        callback.SourceId is { } source ? PrefixedId.Format(PrefixedId.Source, source) : null,
        callback.IdempotencyKey,
        callback.Status,
        callback.Reason,
        callback.IsSuperseded,
        callback.CommandId,
        callback.CreatedAt,
        callback.AcceptedAt,
        callback.AnsweredAt);
}

/// <summary>A callback with its whole story.</summary>
internal sealed record CallbackDetailResponse : CallbackResponse
{
    private CallbackDetailResponse(CallbackResponse callback)
        : base(callback)
    {
    }

    // A derived record's members would come first.
    [JsonPropertyOrder(1)]
    public required RawJson Command { get; init; }

    [JsonPropertyOrder(2)]
    public required int Repeats { get; init; }

    [JsonPropertyOrder(3)]
    public required string? TraceId { get; init; }

    [JsonPropertyOrder(4)]
    public required IReadOnlyList<LinkedDeliveryResponse> Deliveries { get; init; }

    public static CallbackDetailResponse Of(StoredCallback callback, IReadOnlyList<LinkedDelivery> deliveries) => new(CallbackResponse.Of(callback))
    {
        Command = new RawJson(callback.Command),
        Repeats = callback.Repeats,
        TraceId = ActivityContext.TryParse(callback.TraceParent, traceState: null, out var trace) ? trace.TraceId.ToString() : null,
        Deliveries = [.. deliveries.Select(LinkedDeliveryResponse.Of)],
    };
}

/// <summary>A delivery that the callback answers.</summary>
internal sealed record LinkedDeliveryResponse(
    string Id, string EventId, string EventType, string SubscriptionId, string Status, string? CorrelationId, DateTimeOffset CreatedAt)
{
    public static LinkedDeliveryResponse Of(LinkedDelivery delivery) => new(
        PrefixedId.Format(PrefixedId.Delivery, delivery.Id),
        delivery.EventId,
        delivery.EventType,
        PrefixedId.Format(PrefixedId.Subscription, delivery.SubscriptionId),
        delivery.Status,
        delivery.CorrelationId,
        delivery.CreatedAt);
}
