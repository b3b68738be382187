using Webhooks.Broker.Parking;
using Webhooks.Broker.Topology;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Parking;
using Webhooks.Sending;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// What lanes do to their deliveries: attempt, cancel, park. An attempt goes the same way as one that a message asked for.
/// </summary>
internal sealed class LaneWork(
    InFlight inFlight, AttemptRunner attempts, Cancels cancels, DeliveryParking parking)
{
    /// <summary>
    /// True: this process works on it for the lane alone, until <see cref="End"/>. False: a message's work on it runs, and
    /// <paramref name="ended"/> completes with that.
    /// </summary>
    public bool TryBegin(Guid deliveryId, out Task ended) => inFlight.TryBegin(deliveryId, out ended);

    public void End(Guid deliveryId) => inFlight.End(deliveryId);

    /// <summary>Makes the delivery's next attempt. Null: somebody else had recorded it before.</summary>
    /// <param name="answered">Told what the send came to, before it is recorded.</param>
    /// <param name="mayRepeat">Asked when its record has failed by a fault of our own: whether that is tried again.</param>
    public Task<FinishedAttempt?> AttemptAsync(
        DeliveryRow row, Subscription subscription, Action<SendResult> answered, Func<bool> mayRepeat, CancellationToken stop) =>
        attempts.RunAsync(row, row.LastAttempt + 1, subscription, mayRepeat, stop, answered: answered);

    public Task CancelAsync(DeliveryRow row, CancellationToken stop) => cancels.CancelAsync(row, stop);

    /// <summary>Puts it aside, as a message that work fails on is: nothing else in its lane waits for it any more.</summary>
    public Task ParkAsync(DeliveryRow row, CancellationToken stop) =>
        parking.ParkAsync(row, ParkingReason.Poison, $"Work on this delivery failed {BrokerTopology.PoisonCount} times by a fault of our own.", stop);
}
