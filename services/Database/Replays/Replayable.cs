using Webhooks.Database.Deliveries;

namespace Webhooks.Database.Replays;

/// <summary>A delivery that has ended, with all that a replay of it takes over.</summary>
public sealed record Replayable
{
    public required DeliveryKey Original { get; init; }

    /// <summary>When the event was accepted, which a replay's row says in addition to its own moment.</summary>
    public required DateTimeOffset EventCreatedAt { get; init; }

    public required string TenantId { get; init; }

    public required string EventId { get; init; }

    public required string EventType { get; init; }

    public required Guid SubscriptionId { get; init; }

    /// <summary>The subscription's current one: a mended transform counts.</summary>
    public required int Revision { get; init; }
}
