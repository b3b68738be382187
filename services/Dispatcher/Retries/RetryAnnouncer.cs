using Webhooks.Broker.Connections;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Retries;

/// <summary>Announces next attempts: through a delay queue, or at once to the retry queue of the subscription's shard.</summary>
internal sealed class RetryAnnouncer(ConfirmedPublisher publisher, LonePublisher lone, DelayQueues queues, SubscriptionCache subscriptions, TimeProvider clock)
{
    /// <summary>Can the broker be relied on to carry this wait? If not, the row has to.</summary>
    public bool Carries(TimeSpan wait) => publisher.IsReady && queues.Of(wait).IsProven;

    /// <summary>Puts the next attempt's message into the queue of its delay. False: the broker did not take it in time.</summary>
    public async Task<bool> DelayAsync(DeliveryRow delivery, int number, TimeSpan wait, CancellationToken cancellationToken)
    {
        var queue = queues.Of(wait);
        if (!queue.IsProven)
        {
            return false;
        }

        try
        {
            var outcomes = await publisher.TryPublishAsync([Message(DelayExchange(wait), delivery, number)], cancellationToken);
            if (outcomes[0] != PublishOutcome.Confirmed)
            {
                queue.Doubt(outcomes[0]);
            }

            return outcomes[0] == PublishOutcome.Confirmed;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Brings the queue of a delay nearer to being relied on, while nobody waits. Its first message reminds of an attempt that
    /// has been made, which leads to nothing: the next one is announced by the row.
    /// </summary>
    public void Prove(TimeSpan wait, DeliveryRow delivery) => _ = queues.Of(wait).AdvanceAsync(lone, Message(DelayExchange(wait), delivery, number: 1));

    /// <summary>Announces an attempt that is due, for as long as it takes.</summary>
    public Task AnnounceNowAsync(DeliveryRow delivery, int number, CancellationToken cancellationToken) =>
        publisher.PublishAsync([Message(BrokerNames.RetriesExchange, delivery, number)], cancellationToken);

    private static string DelayExchange(TimeSpan wait) => BrokerNames.Delay((long)wait.TotalMilliseconds);

    private OutgoingMessage Message(string exchange, DeliveryRow delivery, int number) => new(
        exchange,
        Shard.RoutingKeyOf(delivery.SubscriptionId, subscriptions.Current.Shards),
        new DeliveryMessage(delivery.Id, delivery.CreatedAt, number, clock.GetUtcNow(), delivery.Event.Traceparent).ToBytes());
}
