namespace Webhooks.Management.Deliveries;

/// <summary>A delivery's row.</summary>
internal sealed record StoredDelivery(
    Guid Id,
    DateTimeOffset CreatedAt,
    string TenantId,
    string EventId,
    string EventType,
    Guid SubscriptionId,
    int Revision,
    string Status,
    DateTimeOffset? NextAttemptAt,
    Guid? ReplayOf);

/// <summary>An attempt's row.</summary>
internal sealed record StoredAttempt(
    int Number,
    DateTimeOffset StartedAt,
    int DurationMs,
    string Outcome,
    int? StatusCode,
    string? Error,
    string RequestUrl,
    string RequestHeaders,
    string? ResponseHeaders,
    byte[]? ResponseBody,
    DateTimeOffset? NextAttemptAt,
    string? TraceId);
