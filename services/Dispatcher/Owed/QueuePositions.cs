using Webhooks.Broker.Consuming;

namespace Webhooks.Dispatcher.Owed;

/// <summary>The queues that this dispatcher consumes. Shards only grow, and so does this.</summary>
internal sealed class QueuePositions
{
    private readonly Lock _lock = new();
    private readonly List<WatchedQueue> _queues = [];

    /// <param name="consumer">The queue's.</param>
    /// <param name="position">Where it is.</param>
    /// <param name="hasUnread">Whether it was handed messages that were not taken yet.</param>
    /// <param name="settling">How long after a new connection messages may come that are overdue.</param>
    public void Add(QueueConsumer consumer, QueuePosition position, Func<bool> hasUnread, TimeSpan settling)
    {
        lock (_lock)
        {
            _queues.Add(new WatchedQueue(consumer, position, hasUnread, settling));
        }
    }

    public IReadOnlyList<WatchedQueue> All()
    {
        lock (_lock)
        {
            return [.. _queues];
        }
    }
}
