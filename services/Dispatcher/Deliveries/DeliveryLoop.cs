using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Shares;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>
/// Serves one queue: takes its deliveries in groups, looks at all their rows at once, and starts the work on each; none waits
/// for another. How much is in hand is bounded by <see cref="QueueHand"/> alone.
/// </summary>
internal sealed class DeliveryLoop(
    QueueConsumer consumer, QueueHand hand, DeliveryGroups groups, ConfirmedPublisher publisher, DeliveryParking parking, Admission admission,
    TimeProvider clock)
{
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    /// <summary>
    /// Works until <paramref name="stop"/>, then takes nothing more, and ends when what is in hand has ended or
    /// <paramref name="abandon"/> says so.
    /// </summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abandon)
    {
        Task[] parts = [consumer.RunAsync(stop), TakeAsync(stop, abandon), WorkAsync(stop, abandon)];
        // Before the stop only a fault ends one of them, and that ends the loop.
        foreach (var part in (Task[])[await Task.WhenAny(parts), .. parts])
        {
            try
            {
                await part;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What was handed over and not begun stays unacknowledged: another dispatcher gets it.
            }
        }
    }

    private async Task TakeAsync(CancellationToken stop, CancellationToken abandon)
    {
        while (await consumer.Received.ReadGroupAsync(Admission.MostAtOnce, linger: TimeSpan.Zero, clock, stop) is { } group)
        {
            foreach (var (received, fault) in TakeReadable(group).Where(one => !one.Received.IsLost))
            {
                await parking.ParkAsync(received, ParkingReason.NotJson, fault, abandon);
            }
        }
    }

    /// <summary>Takes all that can be read in hand, and answers what cannot.</summary>
    private List<(ReceivedMessage Received, string Fault)> TakeReadable(IReadOnlyList<ReceivedMessage> group)
    {
        var unreadable = new List<(ReceivedMessage, string)>();
        foreach (var received in group)
        {
            if (!hand.TryTake(received, out var fault))
            {
                unreadable.Add((received, fault));
            }
        }

        return unreadable;
    }

    private async Task WorkAsync(CancellationToken stop, CancellationToken abandon)
    {
        while (await hand.Waiting.ReadGroupAsync(admission.AtOnce(), Linger, clock, stop) is { } group)
        {
            await admission.AdmitAsync(group.Count, stop);
            await publisher.WhenReadyAsync(stop);
            // What went back to the queue comes again from there, perhaps to another dispatcher; begun here as well, it would be sent, split or
            // parked twice.
            foreach (var lost in group.Where(delivery => delivery.IsLost))
            {
                lost.LeaveToOthers();
            }

            await SplitAsync([.. group.Where(delivery => !delivery.IsFinished && delivery.Of.IsToBeSplit)], abandon);
            foreach (var poison in group.Where(delivery => !delivery.IsFinished && delivery.FailureCount >= BrokerTopology.PoisonCount))
            {
                await parking.ParkAsync(poison, ParkingReason.Poison, $"Work on this delivery failed {poison.FailureCount} times by a fault of our own.", abandon);
            }

            // The broker may have been waited for all the while: what begins after the drain would be sent and recorded by nobody.
            stop.ThrowIfCancellationRequested();

            await groups.StartAsync(group.Where(delivery => !delivery.IsFinished), abandon);
        }
    }

    /// <summary>Announces each by itself, in the same queue. The one that is fatal is then handed over alone, and parked.</summary>
    private async Task SplitAsync(IReadOnlyList<DeliveryInHand> deliveries, CancellationToken abandon)
    {
        await publisher.PublishAsync([.. deliveries.Select(delivery => new OutgoingMessage("", hand.Queue, delivery.ToMessage()))], abandon);
        foreach (var delivery in deliveries)
        {
            delivery.Finish();
        }
    }
}
