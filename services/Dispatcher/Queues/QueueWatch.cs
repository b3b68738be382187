using Webhooks.Contracts;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Queues;

/// <summary>Looks at our queues every few seconds: the broker counts what waits, and the dispatchers' marks tell since when (decision 0017).</summary>
internal sealed class QueueWatch(MarkStore marks, QueueCounts counts, SubscriptionCache subscriptions, QueueMetrics metrics, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Watches until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        try
        {
            while (true)
            {
                metrics.Saw(await LookAsync(leading));
                await Task.Delay(Interval, clock, leading);
            }
        }
        finally
        {
            metrics.Saw([]);
        }
    }

    private async Task<IReadOnlyList<SeenQueue>> LookAsync(CancellationToken leading)
    {
        var notes = await marks.ReadAsync(leading);
        var now = clock.GetUtcNow();
        var shards = Enumerable.Range(0, subscriptions.Current.Shards);
        string[] queues =
        [
            BrokerNames.PublisherQueue, BrokerNames.ParkingQueue,
            .. shards.SelectMany(shard => new[] { BrokerNames.DeliveriesQueue(shard), BrokerNames.RetriesQueue(shard) }),
        ];
        return [.. from counted in await counts.OfAsync(queues, leading) select new SeenQueue(counted.Key, counted.Value, now - QueueMarks.Least(notes, [counted.Key]))];
    }
}
