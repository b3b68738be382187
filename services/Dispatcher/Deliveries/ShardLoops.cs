using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Puts together the loops that serve the queues of a shard; all that such a loop needs comes together here.</summary>
internal sealed class ShardLoops(
    BrokerLinks broker, DeliveryGroups groups, SubscriptionCache subscriptions, DatabaseGate database, ConfirmedPublisher publisher,
    DeliveryParking parking, QueuePositions positions, OwedOptions owed, RetryPace pace, TimeProvider clock)
{
    // How many deliveries of a queue may be in hand, which bounds the sends in flight. Retries have a limit of their own, and a pace
    // beside first attempts (RetryPace), so that a backlog of retries hardly delays first attempts.
    public const int MostFirstAttempts = 2_000;
    public const int MostRetries = 1_000;

    private readonly List<QueueConsumer> _consumers = [];

    public DeliveryLoop OfFirstAttempts(int shard) =>
        New(BrokerNames.DeliveriesQueue(shard), MostFirstAttempts, QueuePosition.OfFirstAttempts(), settling: TimeSpan.Zero, pace.ForFirstAttempts);

    public DeliveryLoop OfRetries(int shard) =>
        New(BrokerNames.RetriesQueue(shard), MostRetries, QueuePosition.OfRetries(), settling: owed.OwedGrace, pace.ForRetries);

    /// <summary>Writes the last acks of all loops, once these have ended.</summary>
    public Task FlushAcksAsync() => Task.WhenAll(_consumers.Select(consumer => consumer.FlushAcksAsync()));

    private DeliveryLoop New(string queue, int most, QueuePosition position, TimeSpan settling, Admission admission)
    {
        var consumer = broker.Consumer(
            queue, WindowFit.First(most, inHand: 0, Announcement.MostTogether), channel => BrokerTopology.DeclareAsync(channel, subscriptions.Current.Shards));
        database.Closed += consumer.Pause;
        database.Opened += consumer.Resume;
        _consumers.Add(consumer);
        var hand = new QueueHand(consumer, position, most);
        positions.Add(consumer, position, () => hand.HasUnread, settling);
        return new DeliveryLoop(consumer, hand, groups, publisher, parking, admission, clock);
    }
}
