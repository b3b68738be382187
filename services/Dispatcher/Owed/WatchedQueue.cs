using Webhooks.Broker.Consuming;

namespace Webhooks.Dispatcher.Owed;

/// <summary>A queue, as its consumer sees it.</summary>
internal sealed class WatchedQueue(QueueConsumer consumer, QueuePosition position, Func<bool> hasUnread, TimeSpan settling)
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
