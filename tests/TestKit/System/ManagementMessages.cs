namespace Webhooks.TestKit;

/// <summary>A new subscription; what is null is left out of the request.</summary>
public sealed record SubscriptionRequest
{
    public required string TenantId { get; init; }

    public required string Url { get; init; }

    public required IReadOnlyList<string> EventTypes { get; init; }

    public string? Profile { get; init; }

    public string? Secret { get; init; }

    public RetryRequest? Retry { get; init; }

    public string? RetryOn { get; init; }

    /// <summary>As long as may be unless said otherwise: no attempt is to end, and be repeated, because a busy machine answers late.</summary>
    public double? TimeoutSeconds { get; init; } = 30;

    public int? MaxInFlight { get; init; }

    public string? Ordering { get; init; }

    public string? OrderingKey { get; init; }
}

/// <summary>A retry policy; what is null takes the documented default.</summary>
public sealed record RetryRequest
{
    public int? MaxAttempts { get; init; }

    public double? InitialDelaySeconds { get; init; }

    public double? MaxDelaySeconds { get; init; }

    public double? BackoffMultiplier { get; init; }
}

/// <summary>A subscription; its secret is whole only in the answer that creates it.</summary>
public sealed record SubscriptionResponse(string Id, string TenantId, string Url, string Profile, string Secret, string State);

/// <summary>An accepted event with its deliveries.</summary>
public sealed record EventResponse(string Id, string Type, string TenantId, DateTimeOffset CreatedAt, IReadOnlyList<EventDeliveryResponse> Deliveries);

/// <summary>A delivery in its event.</summary>
public sealed record EventDeliveryResponse(string Id, string Status);

/// <summary>A delivery; lists leave the attempts out.</summary>
public sealed record DeliveryResponse(
    string Id, string TenantId, string EventId, string SubscriptionId, string Status, DateTimeOffset? NextAttemptAt, string? ReplayOf, IReadOnlyList<AttemptResponse>? Attempts);

/// <summary>The replaying of many deliveries.</summary>
public sealed record ReplayResponse(string Id, string Status, long Matched, long Done);

/// <summary>One attempt as it is kept.</summary>
public sealed record AttemptResponse(
    int Number,
    DateTimeOffset StartedAt,
    int DurationMs,
    string Outcome,
    int? StatusCode,
    string? Error,
    AttemptRequestResponse Request,
    string? ResponseBody,
    DateTimeOffset? NextAttemptAt)
{
    public DateTimeOffset EndedAt => StartedAt.AddMilliseconds(DurationMs);
}

/// <summary>What an attempt sent.</summary>
public sealed record AttemptRequestResponse(string Url, IReadOnlyDictionary<string, string> Headers, string Body);
