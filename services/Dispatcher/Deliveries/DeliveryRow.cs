using Webhooks.Database.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>A delivery as its row has it at the look, with its event.</summary>
internal sealed record DeliveryRow
{
    public required Guid Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid SubscriptionId { get; init; }

    /// <summary>The revision that fixes body, profile and headers.</summary>
    public required int Revision { get; init; }

    /// <summary>
    /// The settings of <see cref="Revision"/>, when it is not the subscription's present one: completed, or failed because they cannot
    /// be read. Null: it is the present one.
    /// </summary>
    public Task<SubscriptionSettings>? Pinned { get; init; }

    /// <summary>One of <see cref="DeliveryStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The number of the last recorded attempt; 0 before the first.</summary>
    public required int LastAttempt { get; init; }

    public required DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Set while the due-poller, not the broker, has to announce the next attempt.</summary>
    public required DateTimeOffset? DueAt { get; init; }

    /// <summary>When its next attempt is due in its subscription's lane; null: it is not in one.</summary>
    public DateTimeOffset? LaneDueAt { get; init; }

    /// <summary>How long open breakers have kept it waiting before its attempts; null: not at all.</summary>
    public TimeSpan? Held { get; init; }

    /// <summary>When the event was accepted, of a replay; null: at <see cref="CreatedAt"/>.</summary>
    public DateTimeOffset? EventCreatedAt { get; init; }

    /// <summary>Of one that <see cref="EventIsGone"/>, only its id, type and tenant are known.</summary>
    public required AcceptedEvent Event { get; init; }

    /// <summary>The event is older than what is kept: there is nothing left to send.</summary>
    public bool EventIsGone => Event.Timestamp is null;
}
