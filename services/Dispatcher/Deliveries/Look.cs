using Webhooks.Broker.Deliveries;

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

    /// <summary>The subscription takes nothing any more: the delivery ends as canceled.</summary>
    public sealed record Cancel : LookResult;

    /// <summary>
    /// Attempt <paramref name="Number"/> − 1 was recorded by somebody who may have died before announcing the next one:
    /// announce it, for <paramref name="At"/>.
    /// </summary>
    public sealed record AnnounceNext(int Number, DateTimeOffset At) : LookResult;
}

/// <summary>Decides what a message about a delivery leads to. The row is the truth; the message only reminds of it.</summary>
internal static class Look
{
    private static readonly LookResult Nothing = new LookResult.Drop();

    /// <param name="message">What was handed over.</param>
    /// <param name="redelivered">The broker has handed it to somebody before.</param>
    /// <param name="row">Null: no such delivery.</param>
    /// <param name="accepts">Whether the subscription still takes deliveries of this event.</param>
    public static LookResult At(DeliveryMessage message, bool redelivered, DeliveryRow? row, bool accepts)
    {
        if (row is null or { Pending: false })
        {
            return Nothing;
        }

        if (!accepts)
        {
            return new LookResult.Cancel();
        }

        if (message.Number > row.LastAttempt)
        {
            // The row counts. A message ahead of it (a database restored from yesterday) still asks for the row's next attempt.
            return new LookResult.Send(row.LastAttempt + 1);
        }

        // Recorded already. A copy that the broker made is dropped: the holder of the original goes on. One that was taken
        // from a holder who may have died is the only trace of the step it had recorded.
        return redelivered && message.Number == row.LastAttempt && row is { DueAt: null, NextAttemptAt: { } at }
            ? new LookResult.AnnounceNext(row.LastAttempt + 1, at)
            : Nothing;
    }
}
