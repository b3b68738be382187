using System.Text;
using System.Text.Json.Serialization;
using Webhooks.Contracts;

namespace Webhooks.Management.Deliveries;

/// <summary>A delivery in lists.</summary>
internal record DeliveryResponse(
    string Id,
    string TenantId,
    string EventId,
    string EventType,
    string SubscriptionId,
    string Status,
    string? ReplayOf,
    DateTimeOffset CreatedAt,
    DateTimeOffset? NextAttemptAt)
{
    public static DeliveryResponse Of(StoredDelivery delivery) => new(
        PrefixedId.Format(PrefixedId.Delivery, delivery.Id),
        delivery.TenantId,
        delivery.EventId,
        delivery.EventType,
        PrefixedId.Format(PrefixedId.Subscription, delivery.SubscriptionId),
        delivery.Status,
        delivery.ReplayOf is { } original ? PrefixedId.Format(PrefixedId.Delivery, original) : null,
        delivery.CreatedAt,
        delivery.NextAttemptAt);
}

/// <summary>A delivery with all that was tried.</summary>
internal sealed record DeliveryDetailResponse : DeliveryResponse
{
    private DeliveryDetailResponse(DeliveryResponse delivery)
        : base(delivery)
    {
    }

    // A derived record's members would come first.
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<AttemptResponse> Attempts { get; init; }

    /// <param name="delivery">Its row.</param>
    /// <param name="attempts">In their order.</param>
    /// <param name="body">What every attempt sent; null when it cannot be told any more.</param>
    public static DeliveryDetailResponse Of(StoredDelivery delivery, IReadOnlyList<StoredAttempt> attempts, string? body) =>
        new(DeliveryResponse.Of(delivery)) { Attempts = [.. attempts.Select(attempt => AttemptResponse.Of(attempt, body))] };
}

/// <summary>One try: what was sent, what came back, what follows.</summary>
internal sealed record AttemptResponse(
    int Number,
    DateTimeOffset StartedAt,
    int DurationMs,
    string Outcome,
    int? StatusCode,
    string? Error,
    RequestResponse Request,
    IReadOnlyDictionary<string, string>? ResponseHeaders,
    string? ResponseBody,
    DateTimeOffset? NextAttemptAt,
    string? TraceId)
{
    public static AttemptResponse Of(StoredAttempt attempt, string? body) => new(
        attempt.Number,
        attempt.StartedAt,
        attempt.DurationMs,
        attempt.Outcome,
        attempt.StatusCode,
        attempt.Error,
        new RequestResponse(attempt.RequestUrl, HeaderLines.Read(attempt.RequestHeaders), body),
        attempt.ResponseHeaders is { } headers ? HeaderLines.Read(headers) : null,
        attempt.ResponseBody is { } bytes ? Encoding.UTF8.GetString(bytes) : null,
        attempt.NextAttemptAt,
        attempt.TraceId);
}

/// <summary>What was sent.</summary>
internal sealed record RequestResponse(string Url, IReadOnlyDictionary<string, string> Headers, string? Body);
