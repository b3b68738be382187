using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Hands;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Parking;

/// <summary>
/// Parks what cannot be processed: put aside, and only then acknowledged, or taken out of its lane. A delivery's row is told, so
/// that its message is not missed: brought back, it would fail and be parked once more.
/// </summary>
internal sealed partial class DeliveryParking(
    ConfirmedPublisher publisher, DeliveryStore deliveries, ParkedMetrics metrics, SubscriptionCache subscriptions,
    DatabaseGate database, ILogger<DeliveryParking> logger)
{
    /// <summary>A message that cannot be read.</summary>
    /// <param name="received">The message.</param>
    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    /// <param name="detail">A sentence.</param>
    /// <param name="abandon">The shutdown has run out of time.</param>
    public async Task ParkAsync(ReceivedMessage received, string reason, string detail, CancellationToken abandon)
    {
        await ParkAsync(received, about: null, received.Body, reason, detail, abandon);
        received.Ack();
    }

    /// <summary>One delivery, whatever else its message announces: as a message of its own, which can be republished.</summary>
    public async Task ParkAsync(DeliveryInHand delivery, string reason, string detail, CancellationToken abandon)
    {
        await ParkAsync(delivery.Of.Received, delivery.Message, delivery.ToMessage(), reason, detail, abandon);
        await database.RunAsync(token => deliveries.SetAsideAsync(delivery.Message, laneDueAt: null, token), abandon);
        delivery.Finish();
    }

    /// <summary>A delivery of a lane, as the message that would announce it: republished, it comes into its lane again.</summary>
    /// <param name="delivery">As it was looked at, in the lane.</param>
    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    /// <param name="detail">A sentence.</param>
    /// <param name="abandon">The shutdown has run out of time.</param>
    public async Task ParkAsync(DeliveryRow delivery, string reason, string detail, CancellationToken abandon)
    {
        var message = new DeliveryMessage(
            delivery.Id, delivery.CreatedAt, delivery.LastAttempt + 1, EnqueuedAt: delivery.LaneDueAt!.Value, delivery.Event.Traceparent);
        var shard = Shard.Of(PrefixedId.Format(PrefixedId.Subscription, delivery.SubscriptionId), subscriptions.Current.Shards);
        var queue = message.Number == 1 ? BrokerNames.DeliveriesQueue(shard) : BrokerNames.RetriesQueue(shard);
        var tenantId = delivery.Event.TenantId;
        metrics.Counted(reason);
        Log.ParkedOfLane(logger, delivery.Id, reason);
        await publisher.PublishAsync([ParkedCopy.Of(queue, new BasicProperties(), message.ToBytes(), reason, detail, tenantId)], abandon);
        await database.RunAsync(token => deliveries.SetAsideAsync(message, delivery.LaneDueAt, token), abandon);
    }

    private async Task ParkAsync(ReceivedMessage received, DeliveryMessage? about, byte[] body, string reason, string detail, CancellationToken abandon)
    {
        metrics.Counted(reason);
        Log.Parked(logger, received.Queue, reason);
        var tenantId = about is null ? null : await database.RunAsync(token => deliveries.TenantOfAsync(about, token), abandon);
        await publisher.PublishAsync([received.Park(reason, detail, tenantId) with { Body = body }], abandon);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is parked: {Reason}")]
        public static partial void Parked(ILogger logger, string queue, string reason);

        [LoggerMessage(2, LogLevel.Error, "Delivery dlv_{DeliveryId:N} of a lane is parked: {Reason}")]
        public static partial void ParkedOfLane(ILogger logger, Guid deliveryId, string reason);
    }
}
