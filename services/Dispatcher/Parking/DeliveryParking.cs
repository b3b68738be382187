using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Accounting;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Hands;

namespace Webhooks.Dispatcher.Parking;

/// <summary>Parks messages that cannot be processed: counted, put aside, and only then acknowledged.</summary>
internal sealed partial class DeliveryParking(
    ConfirmedPublisher publisher, DeliveryStore deliveries, ParkedCounts counts, DatabaseGate database, ILogger<DeliveryParking> logger)
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
        delivery.Finish();
    }

    private async Task ParkAsync(ReceivedMessage received, DeliveryMessage? about, byte[] body, string reason, string detail, CancellationToken abandon)
    {
        Log.Parked(logger, received.Queue, reason);
        var tenantId = await database.RunAsync(
            async token =>
            {
                var found = about is null ? null : await deliveries.TenantOfAsync(about, token);
                await counts.AddAsync([found], token);
                return found;
            },
            abandon);
        await publisher.PublishAsync([received.Park(reason, detail, tenantId) with { Body = body }], abandon);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is parked: {Reason}")]
        public static partial void Parked(ILogger logger, string queue, string reason);
    }
}
