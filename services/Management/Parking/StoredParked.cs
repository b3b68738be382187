namespace Webhooks.Management.Parking;

/// <summary>A parked message's row, without its body.</summary>
internal sealed record StoredParked
{
    public required Guid Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string? TenantId { get; init; }

    public required string? Queue { get; init; }

    public required string Reason { get; init; }

    public required string Detail { get; init; }

    public required string? MessageId { get; init; }

    /// <summary>Bytes of the body.</summary>
    public required int Size { get; init; }

    public required DateTimeOffset? RepublishedAt { get; init; }
}

/// <summary>What a message consists of.</summary>
/// <param name="Properties">Of the parked copy, in AMQP's encoding.</param>
/// <param name="Body">Its bytes, or the first of them.</param>
internal sealed record ParkedContent(byte[] Properties, byte[] Body);
