namespace Webhooks.Broker.Consuming.Windows;

/// <summary>What one consumer's prefetch lets it hold: the broker hands over so many messages, and then one for each ack.</summary>
/// <param name="messages">The prefetch.</param>
/// <param name="acks">Of its channel, which may have had other windows before.</param>
internal sealed class ConsumerWindow(ushort messages, AckWriter acks)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _held;
    private int _next;

    /// <summary>How many more would be handed over before one is acknowledged; null: it has ended.</summary>
    public int? Free => _ended.Task.IsCompleted ? null : Math.Max(0, messages - Volatile.Read(ref _held));

    /// <summary>Its channel is closed: what it holds stands in the queue again.</summary>
    public bool IsLost => acks.IsLost;

    public Task Ended => _ended.Task;

    /// <summary>What the next window is to have; null: nobody has asked for one.</summary>
    public ushort? Next => Volatile.Read(ref _next) is > 0 and var next ? (ushort)next : null;

    /// <summary>A message has come.</summary>
    public void Took()
    {
        Interlocked.Increment(ref _held);
        acks.Took();
    }

    public void Ack(ulong tag)
    {
        Interlocked.Decrement(ref _held);
        acks.Ack(tag);
    }

    /// <summary>Ends it. What it holds stays in hand.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Ends it for another one.</summary>
    public void EndFor(ushort next)
    {
        // Who comes second asks for what has begun.
        if (Interlocked.CompareExchange(ref _next, next, 0) == 0)
        {
            End();
        }
    }
}
