using Webhooks.Broker.Consuming;

namespace Webhooks.Dispatcher.Owed;

/// <summary>The queues that this dispatcher consumes. Shards only grow, and so does this.</summary>
internal sealed class QueuePositions
{
    private readonly Lock _lock = new();
    private readonly List<ConsumedQueue> _queues = [];

    /// <param name="consumer">The queue's.</param>
    /// <param name="position">Where it is.</param>
    /// <param name="hasUnread">Whether it was handed messages that were not taken yet.</param>
    /// <param name="settling">How long after a new connection messages may come that are overdue.</param>
    public void Add(QueueConsumer consumer, QueuePosition position, Func<bool> hasUnread, TimeSpan settling)
    {
        lock (_lock)
        {
            _queues.Add(new ConsumedQueue(consumer, position, hasUnread, settling));
        }
    }

    public IReadOnlyList<ConsumedQueue> All()
    {
        lock (_lock)
        {
            return [.. _queues];
        }
    }
}

/// <summary>A queue, as its consumer sees it.</summary>
internal sealed class ConsumedQueue(QueueConsumer consumer, QueuePosition position, Func<bool> hasUnread, TimeSpan settling)
{
    private readonly QuietQueue _quiet = new();
    private readonly SettledMark _settled = new(settling);

    public string Name => consumer.Queue;

    public void FoundEmpty(DateTimeOffset time) => position.FoundEmpty(time);

    /// <summary>What is to be noted; null: nothing is known.</summary>
    public MarkNote? Note()
    {
        var (mark, isFresh) = position.Mark();
        return _settled.Of(mark, consumer.OpenFor) is ({ } settled, var isSettled) ? new MarkNote(Name, settled, isFresh && isSettled) : null;
    }

    public bool MayBeEmpty(TimeSpan sinceLast)
    {
        var hasFinished = position.Forget();
        return _quiet.MayBeEmpty(
            new ConsumerSight(consumer.IsConsuming, IsFull: consumer.Free is not > 0, hasUnread(), hasFinished, consumer.ReceivedCount),
            sinceLast);
    }
}
