using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>One attempt with what it was, what came of it and what follows: all that its record needs.</summary>
internal sealed record FinishedAttempt
{
    public required DeliveryRow Delivery { get; init; }

    public required int Number { get; init; }

    /// <summary>Without its body.</summary>
    public required WebhookRequest Request { get; init; }

    public required SendResult Result { get; init; }

    public required NextStep Next { get; init; }

    public required string? TraceId { get; init; }

    public DateTimeOffset FinishedAt => Result.StartedAt + Result.Duration;

    /// <summary>When the delivery is tried again; null when it has ended.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>True: the queue of this wait is not to be relied on at present, and the row has to do instead.</summary>
    public bool LacksQueue { get; init; }

    /// <summary>It was in its subscription's lane when it was looked at: its next attempt waits there, and has no message.</summary>
    public bool InLane => Delivery.LaneDueAt is not null;

    /// <summary>
    /// When the due-poller has to announce the next attempt; null when the broker does. While the row is in a lane this is not used;
    /// but should the lane have been closed meanwhile, nobody else announces the attempt.
    /// </summary>
    public DateTimeOffset? DueAt => LacksQueue || InLane || Next is NextStep.Retry { Brokered: false } ? NextAttemptAt : null;
}
