using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Queues;

/// <summary>Looks at our queues every few seconds: the broker counts what waits, and the dispatchers' marks tell since when (decision 0017).</summary>
internal sealed class QueueWatch(MarkStore marks, ConfirmedPublisher publisher, SubscriptionCache subscriptions, QueueMetrics metrics, TimeProvider clock)
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
        var seen = new List<SeenQueue>(queues.Length);
        if (!publisher.IsReady)
        {
            return seen;
        }

        try
        {
            await publisher.DeclareAsync(
                async channel =>
                {
                    foreach (var queue in queues)
                    {
                        var counted = await channel.QueueDeclarePassiveAsync(queue, leading);
                        // A queue that does not answer its node counts as one without messages and without consumers: it is not told as empty.
                        if (counted.MessageCount > 0 || counted.ConsumerCount > 0)
                        {
                            seen.Add(new SeenQueue(queue, counted.MessageCount, now - QueueMarks.Least(notes, [queue])));
                        }
                    }
                },
                leading);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !leading.IsCancellationRequested)
        {
            // A queue was deleted, or the broker is away: what is not seen is not told.
        }

        return seen;
    }
}
