namespace Webhooks.Management.Callbacks;

/// <summary>A callback's row.</summary>
internal sealed record StoredCallback
{
    public required Guid Id { get; init; }

    public required string TenantId { get; init; }

    /// <summary>What the callback is about.</summary>
    public required string ExceptionId { get; init; }

    public required string ExternalSystem { get; init; }

    /// <summary>Null: somebody called the API.</summary>
    public required Guid? SourceId { get; init; }

    public required string IdempotencyKey { get; init; }

    public required Guid CommandId { get; init; }

    public required string Status { get; init; }

    public required string? Reason { get; init; }

    public required bool IsSuperseded { get; init; }

    /// <summary>JSON, as it is published.</summary>
    public required ReadOnlyMemory<byte> Command { get; init; }

    public required int Repeats { get; init; }

    public required string? TraceParent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? AcceptedAt { get; init; }

    public required DateTimeOffset? AnsweredAt { get; init; }
}

/// <summary>A delivery that told the external system of the exception.</summary>
internal sealed record LinkedDelivery(Guid Id, string EventId, string EventType, Guid SubscriptionId, string Status, string? CorrelationId, DateTimeOffset CreatedAt);
