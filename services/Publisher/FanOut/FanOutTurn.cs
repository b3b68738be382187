using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Publisher.Events;
using Webhooks.Publisher.Suspects;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Carries one group of messages from the broker through the database back to the broker. The order is what makes loss
/// impossible: commit, then announce, then ack. Until the ack, the unacknowledged event is the outbox.
/// </summary>
internal sealed partial class FanOutTurn(
    FanOutStore store, SubscriptionCache subscriptions, DatabaseGate database, ConfirmedPublisher publisher,
    EventIntake intake, FanOutMetrics metrics, TimeProvider clock, ILogger<FanOutTurn> logger)
{
    // A million announcements need not stand in memory at once.
    private const int AnnouncementsAtOnce = 2_000;

    /// <summary>Answers how many deliveries it made, those in lanes included.</summary>
    public async Task<int> RunAsync(IReadOnlyList<ReceivedMessage> group, CancellationToken stop)
    {
        var (events, refused) = intake.Read(group);
        var made = await PassOnAsync(events, refused, isInDoubt: false, stop);
        await ParkAsync(refused, stop);
        foreach (var message in group)
        {
            message.Ack();
        }

        return made;
    }

    /// <summary>Parks a message as poison, untried.</summary>
    public async Task ParkAsync(ReceivedMessage message, string detail, CancellationToken stop)
    {
        await ParkAsync([intake.Park(message, ParkingReason.Poison, detail)], stop);
        message.Ack();
    }

    // What went back to the queue while the database was waited for is parked by whoever gets it next.
    private Task ParkAsync(List<RefusedMessage> refused, CancellationToken stop) =>
        publisher.PublishAsync([.. refused.Where(one => !one.Message.IsLost).Select(one => one.Copy)], stop);

    /// <summary>
    /// Accepts events, as many at a time as may go together, and announces what they make. A group that fails by its data is halved
    /// until the culprit stands alone, and that is parked.
    /// </summary>
    /// <param name="events">In the order of acceptance.</param>
    /// <param name="refused">Takes what is to be parked.</param>
    /// <param name="isInDoubt">The events may have been accepted by a try whose answer was lost: they look like repeats then.</param>
    /// <param name="stop">Take nothing more.</param>
    private async Task<int> PassOnAsync(IReadOnlyList<IncomingEvent> events, List<RefusedMessage> refused, bool isInDoubt, CancellationToken stop)
    {
        var made = 0;
        while (events.Count > 0)
        {
            Accepted accepted;
            try
            {
                accepted = await AcceptAsync(events, () => isInDoubt = true, stop);
            }
            catch (Exception fault) when (Blame.MayBeOfEvents(fault) && !stop.IsCancellationRequested && events.Count > 1)
            {
                Log.Halving(logger, events.Count, fault.Message);
                var half = events.Count / 2;
                return made + await PassOnAsync([.. events.Take(half)], refused, isInDoubt, stop) + await PassOnAsync([.. events.Skip(half)], refused, isInDoubt, stop);
            }
            catch (Exception fault) when (Blame.MayBeOfEvents(fault) && !stop.IsCancellationRequested)
            {
                // One event that the database or our own code cannot take must not stand before all others for ever.
                Log.Poison(logger, fault, events[0].Event.TenantId, events[0].Event.Id);
                refused.Add(intake.Park(events[0].Message, ParkingReason.Poison, $"The event could not be stored: {fault.Message}"));
                return made;
            }

            await AnnounceAsync(await ToAnnounceAsync(accepted, isInDoubt, stop), stop);
            made += accepted.Deliveries.Count;
            events = [.. events.Skip(accepted.Events.Count)];
        }

        return made;
    }

    private async Task<Accepted> AcceptAsync(IReadOnlyList<IncomingEvent> events, Action inDoubt, CancellationToken stop)
    {
        var rows = events.Select(received => received.Event).ToList();
        var (count, deliveries) = await database.RunAsync(token => store.AcceptAsync(rows, token), inDoubt, stop);
        metrics.Accepted(count);
        Log.Accepted(logger, count, deliveries.Count);
        return new Accepted([.. events.Take(count)], deliveries);
    }

    private async Task<List<UnattemptedDelivery>> ToAnnounceAsync(Accepted accepted, bool isInDoubt, CancellationToken stop)
    {
        var deliveries = accepted.Deliveries.Where(delivery => !delivery.InLane).Select(delivery =>
            new UnattemptedDelivery(delivery.Id, delivery.Of.CreatedAt, delivery.SubscriptionId, delivery.Of.Event.Traceparent)).ToList();
        var again = accepted.Events.Where(received => received.Message.Redelivered || isInDoubt).Select(received => received.Event).ToList();
        if (again.Count > 0)
        {
            // Whoever held these before may have died between its commit and its announcements, and so may the answer to
            // a commit of our own. What is announced twice does no harm: the dispatcher looks at the row.
            var known = deliveries.Select(delivery => delivery.Id).ToHashSet();
            var unattempted = await database.RunAsync(token => store.FindUnattemptedAsync(again, token), stop);
            deliveries.AddRange(unattempted.Where(delivery => !known.Contains(delivery.Id)));
        }

        return deliveries;
    }

    private async Task AnnounceAsync(List<UnattemptedDelivery> deliveries, CancellationToken stop)
    {
        var shards = subscriptions.Current.Shards;
        foreach (var chunk in deliveries.Chunk(AnnouncementsAtOnce))
        {
            var now = clock.GetUtcNow();
            await publisher.PublishAsync(
                [.. Announcement.Of(BrokerNames.DeliveriesExchange, chunk.Select(delivery => (
                    Shard.RoutingKeyOf(delivery.SubscriptionId, shards),
                    new DeliveryMessage(delivery.Id, delivery.CreatedAt, Number: 1, now, delivery.Traceparent))))],
                stop);
        }
    }

    /// <param name="Events">The first of those that were given.</param>
    /// <param name="Deliveries">What they make.</param>
    private readonly record struct Accepted(IReadOnlyList<IncomingEvent> Events, IReadOnlyList<NewDelivery> Deliveries);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Accepted {Events} events as {Deliveries} deliveries")]
        public static partial void Accepted(ILogger logger, int events, int deliveries);

        [LoggerMessage(2, LogLevel.Warning, "A group of {Events} events could not be stored and is halved: {Reason}")]
        public static partial void Halving(ILogger logger, int events, string reason);

        [LoggerMessage(3, LogLevel.Error, "Event {EventId} of tenant {TenantId} could not be stored and is parked")]
        public static partial void Poison(ILogger logger, Exception fault, string tenantId, string eventId);
    }
}
