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

    /// <summary>Puts the next attempt's message into the queue of its delay. Refused: it was not even tried with a queue that is not relied on.</summary>
    /// <param name="delivery">As it was before its last attempt.</param>
    /// <param name="number">Of the next attempt.</param>
    /// <param name="wait">A delay that has a queue.</param>
    /// <param name="at">When the row says that the attempt is due.</param>
    /// <param name="cancellationToken">Stops waiting; the message may be there nevertheless.</param>
    public async Task<PublishOutcome> DelayAsync(DeliveryRow delivery, int number, TimeSpan wait, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var queue = queues.Of(wait);
        if (!queue.IsProven)
        {
            return PublishOutcome.Refused;
        }

        try
        {
            var outcomes = await publisher.TryPublishAsync([Message(DelayExchange(wait), delivery, number, at)], cancellationToken);
            if (outcomes[0] != PublishOutcome.Confirmed)
            {
                queue.Doubt(outcomes[0]);
            }

            return outcomes[0];
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            return PublishOutcome.Unknown;
        }
    }

    /// <summary>
    /// Brings the queue of a delay nearer to being relied on, while nobody waits. Its first message reminds of an attempt that
    /// has been made, which leads to nothing: the next one is announced by the row.
    /// </summary>
    public void Prove(TimeSpan wait, DeliveryRow delivery) => _ = queues.Of(wait).AdvanceAsync(lone, Message(DelayExchange(wait), delivery, number: 1, clock.GetUtcNow() + wait));

    /// <summary>Announces an attempt that is due, for as long as it takes.</summary>
    public Task AnnounceNowAsync(DeliveryRow delivery, int number, CancellationToken cancellationToken) =>
        publisher.PublishAsync([Message(BrokerNames.RetriesExchange, delivery, number, clock.GetUtcNow())], cancellationToken);

    private static string DelayExchange(TimeSpan wait) => BrokerNames.Delay((long)wait.TotalMilliseconds);

    private OutgoingMessage Message(string exchange, DeliveryRow delivery, int number, DateTimeOffset at) => new(
        exchange,
        Shard.RoutingKeyOf(delivery.SubscriptionId, subscriptions.Current.Shards),
        new DeliveryMessage(delivery.Id, delivery.CreatedAt, number, at, delivery.Event.Traceparent).ToBytes());
}
