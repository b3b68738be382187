using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Retries;

/// <summary>Announces next attempts: through a delay queue, or at once to the retry queue of the subscription's shard.</summary>
internal sealed class RetryAnnouncer(ConfirmedPublisher publisher, SubscriptionCache subscriptions, TimeProvider clock)
{
    private readonly ConcurrentDictionary<long, Task> _declared = new();

    /// <summary>Puts the next attempt's message into the queue of its delay. False: the broker did not take it in time.</summary>
    public async Task<bool> DelayAsync(DeliveryRow delivery, int number, TimeSpan wait, CancellationToken cancellationToken)
    {
        var milliseconds = (long)wait.TotalMilliseconds;
        try
        {
            await EnsureDelayQueueAsync(milliseconds, cancellationToken);
            var outcomes = await publisher.TryPublishAsync([Message(BrokerNames.Delay(milliseconds), delivery, number)], cancellationToken);
            if (outcomes[0] == PublishOutcome.Unroutable)
            {
                // Somebody deleted the queue: declare it again before its next use.
                _declared.TryRemove(milliseconds, out _);
            }

            return outcomes[0] == PublishOutcome.Confirmed;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Announces an attempt that is due, for as long as it takes.</summary>
    public Task AnnounceNowAsync(DeliveryRow delivery, int number, CancellationToken cancellationToken) =>
        publisher.PublishAsync([Message(BrokerNames.RetriesExchange, delivery, number)], cancellationToken);

    private async Task EnsureDelayQueueAsync(long milliseconds, CancellationToken cancellationToken)
    {
        var declaring = _declared.GetOrAdd(milliseconds, static (delay, self) => self.DeclareAsync(delay), this);
        try
        {
            await declaring.WaitAsync(cancellationToken);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault))
        {
            _declared.TryRemove(KeyValuePair.Create(milliseconds, declaring));
            throw;
        }
    }

    private Task DeclareAsync(long milliseconds) => publisher.DeclareAsync(
        channel => BrokerTopology.DeclareDelayAsync(channel, TimeSpan.FromMilliseconds(milliseconds)), CancellationToken.None);

    private OutgoingMessage Message(string exchange, DeliveryRow delivery, int number) => new(
        exchange,
        Shard.RoutingKeyOf(delivery.SubscriptionId, subscriptions.Current.Shards),
        new DeliveryMessage(delivery.Id, delivery.CreatedAt, number, clock.GetUtcNow(), delivery.Event.Traceparent).ToBytes());
}
