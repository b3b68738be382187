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
    Guid? ReplayOf,
    DateTimeOffset? EventCreatedAt)
{
    /// <summary>When its event was accepted: a replay's, long before the delivery was made.</summary>
    public DateTimeOffset EventMoment => EventCreatedAt ?? CreatedAt;
}

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
