namespace Webhooks.Subscriptions.Events;

/// <summary>
/// An event whose form is checked (section 7 of the design), in the spelling that every receiver will get.
/// <see cref="Data"/> and <see cref="Metadata"/> are minified JSON: member order and number spelling kept.
/// </summary>
public sealed record AcceptedEvent
{
    private const int LargeBytes = 16 * 1024;

    public required string Id { get; init; }

    public required string Type { get; init; }

    public required string TenantId { get; init; }

    /// <summary>As the publisher spelled it; null until the moment of acceptance fills it in.</summary>
    public required string? Timestamp { get; init; }

    public required string Version { get; init; }

    public string? ContextId { get; init; }

    public required ReadOnlyMemory<byte> Data { get; init; }

    public ReadOnlyMemory<byte>? Metadata { get; init; }

    /// <summary><c>metadata.correlation_id</c>, when it is a string of at most 256 characters.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>W3C trace context of the publisher.</summary>
    public string? Traceparent { get; init; }

    /// <summary>Its bytes are better shared than repeated by each of its deliveries. With those of small ones it is not worth the search.</summary>
    public bool IsLarge => Data.Length + (Metadata?.Length ?? 0) >= LargeBytes;

    /// <summary>Gives an event that came without a timestamp the moment of its acceptance.</summary>
    public AcceptedEvent AcceptedAt(DateTimeOffset moment) =>
        Timestamp is null ? this with { Timestamp = EventTime.From(moment).ToString() } : this;
}
