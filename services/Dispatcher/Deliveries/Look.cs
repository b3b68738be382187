using Webhooks.Broker.Deliveries;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>The closed set of what one look at a delivery's row can lead to.</summary>
internal abstract record LookResult
{
    private LookResult()
    {
    }

    /// <summary>Nothing is left to do: acknowledge and forget the message.</summary>
    public sealed record Drop : LookResult;

    /// <summary>Make attempt <paramref name="Number"/> now.</summary>
    public sealed record Send(int Number) : LookResult;

    /// <summary>
    /// The subscription is served from its rows: put this one among them, and forget the message. If that is not so any more,
    /// look again.
    /// </summary>
    public sealed record EnterLane : LookResult;

    /// <summary>The subscription takes nothing any more, or the event is not kept any more: the delivery ends as canceled.</summary>
    public sealed record Cancel : LookResult;

    /// <summary>
    /// Attempt <paramref name="Number"/> − 1 was recorded by somebody who may have died before announcing the next one:
    /// announce it, for <paramref name="At"/>.
    /// </summary>
    public sealed record AnnounceNext(int Number, DateTimeOffset At) : LookResult;

    /// <summary>
    /// Attempt <paramref name="Number"/> was recorded and ended the delivery, by somebody who may have died before carrying
    /// out what that means for the subscription.
    /// </summary>
    public sealed record FinishFailure(int Number) : LookResult;
}

/// <summary>Decides what a message about a delivery leads to. The row is the truth; the message only reminds of it.</summary>
internal static class Look
{
    private static readonly LookResult Nothing = new LookResult.Drop();

    /// <param name="message">What was handed over.</param>
    /// <param name="redelivered">The broker has handed it to somebody before.</param>
    /// <param name="row">Null: no such delivery.</param>
    /// <param name="accepts">Whether the subscription still takes this delivery, and its event is there.</param>
    /// <param name="hasLane">Whether the subscription's lane is open.</param>
    public static LookResult At(DeliveryMessage message, bool redelivered, DeliveryRow? row, bool accepts, bool hasLane = false)
    {
        // Taken from a holder who may have died, the message is the only trace of the step that was recorded with its attempt.
        var isOnlyTrace = redelivered && message.Number == row?.LastAttempt;
        if (row is null or { Status: not DeliveryStatus.Pending })
        {
            return isOnlyTrace && accepts && row is { Status: DeliveryStatus.Failed } ? new LookResult.FinishFailure(message.Number) : Nothing;
        }

        if (!accepts)
        {
            return new LookResult.Cancel();
        }

        if (row.LaneDueAt is not null)
        {
            return Nothing;
        }

        var announces = isOnlyTrace && row is { DueAt: null, NextAttemptAt: not null };
        if (hasLane && (message.Number > row.LastAttempt || announces))
        {
            return new LookResult.EnterLane();
        }

        if (message.Number > row.LastAttempt)
        {
            // The row counts. A message ahead of it (a database restored from yesterday) still asks for the row's next attempt.
            return new LookResult.Send(row.LastAttempt + 1);
        }

        // Recorded already. A copy that the broker made is dropped: the holder of the original goes on.
        return announces ? new LookResult.AnnounceNext(row.LastAttempt + 1, row.NextAttemptAt!.Value) : Nothing;
    }
}
