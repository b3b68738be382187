using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Accounting;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Parking;

/// <summary>Parks messages that cannot be processed: counted, put aside, and only then acknowledged.</summary>
internal sealed partial class DeliveryParking(
    ConfirmedPublisher publisher, DeliveryStore deliveries, ParkedCounts counts, DatabaseGate database, ILogger<DeliveryParking> logger)
{
    /// <param name="received">The message.</param>
    /// <param name="message">What it says; null: that cannot be read.</param>
    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    /// <param name="detail">A sentence.</param>
    /// <param name="abandon">The shutdown has run out of time.</param>
    public async Task ParkAsync(ReceivedMessage received, DeliveryMessage? message, string reason, string detail, CancellationToken abandon)
    {
        Log.Parked(logger, received.Queue, reason);
        var tenantId = await database.RunAsync(
            async token =>
            {
                var found = message is { } about ? await deliveries.TenantOfAsync(about, token) : null;
                await counts.AddAsync([found], token);
                return found;
            },
            abandon);
        await publisher.PublishAsync([received.Park(reason, detail, tenantId)], abandon);
        received.Ack();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A message in {Queue} is parked: {Reason}")]
        public static partial void Parked(ILogger logger, string queue, string reason);
    }
}
