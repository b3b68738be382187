using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Queues;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.DuePolling;

/// <summary>Announces what is due by its row: waits over an hour, and those that a receiver or chance made up.</summary>
internal sealed class DuePoller(
    DueStore store, ConfirmedPublisher publisher, SubscriptionCache subscriptions, RetryQueues queues, RetryPace pace, DatabaseGate database, TimeProvider clock)
{
    // Due deliveries are announced within 250 ms: a tick, a query and a publish.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Polls until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            var began = clock.GetTimestamp();
            var due = await store.FindDueAsync(RetryPace.AnnouncedAtOnce, leading);
            var isBacklog = due.Count >= RetryPace.AnnouncedAtOnce;
            // Asked before these are among them.
            var someWait = isBacklog && await queues.FullestAsync(leading) > 0;
            if (due.Count > 0)
            {
                await AnnounceAsync(due, leading);
            }

            var rest = isBacklog ? pace.RestAfter(due.Count, clock.GetElapsedTime(began), someWait) : Interval;
            await Task.Delay(rest, clock, leading);
        }
    }

    private async Task AnnounceAsync(IReadOnlyList<DueDelivery> due, CancellationToken leading)
    {
        var shards = subscriptions.Current.Shards;
        var now = clock.GetUtcNow();
        await publisher.PublishAsync(
            [.. Announcement.Of(BrokerNames.RetriesExchange, due.Select(delivery => (
                Shard.RoutingKeyOf(delivery.SubscriptionId, shards),
                new DeliveryMessage(delivery.Id, delivery.CreatedAt, delivery.LastAttempt + 1, now, Traceparent: null))))],
            leading);

        // After the confirm: dying in between announces twice, which the look at the row makes harmless; the other order could lose.
        // Only this is repeated. If the rest were, too, a database that answers and refuses (decision 0021) would be asked again and
        // again what is due, and all of it would be announced each time.
        await database.RunAsync(token => store.ClearAsync(due, now, token), leading);
    }
}
