using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Gives each message's send its slot. When the subscription or its tenant has used up its share and no slot comes back, opens the
/// subscription's lane instead, for the delivery to enter; so, too, while the lane is being opened because the receiver is to be
/// left alone. When that takes long, because somebody holds the subscription's row, the delivery is put off: what waits takes up a place
/// among the messages in hand. First attempts and retries have slots of their own, as their queues have.
/// </summary>
internal sealed class MessageSlots(
    LaneOpenings doors, HealthLanes breakers, HandOver handOver, SubscriptionCache subscriptions, TimeProvider clock)
{
    // A burst for a quick receiver takes any number of slots, and gives them back within milliseconds: what waits so long in vain
    // is held up by one that hangs. So, too, what is to be put into a lane: that is open within milliseconds, unless somebody holds the row.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // As long again as somebody has held the row by now: however much waits for him, it does not come back too often.
    private static readonly TimeSpan ShortestPutOff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPutOff = TimeSpan.FromMinutes(1);

    private readonly WireSlots _first = new(() => ShardLoops.MostFirstAttempts * subscriptions.Current.Shards);
    private readonly WireSlots _retries = new(() => ShardLoops.MostRetries * subscriptions.Current.Shards);

    /// <summary>
    /// A slot, to be disposed of when the answer is there. Null: the delivery is to enter its subscription's lane, or to be put off if that
    /// is still closed.
    /// </summary>
    public async ValueTask<IDisposable?> TakeAsync(DeliveryRow delivery, CancellationToken stop)
    {
        var slots = delivery.LastAttempt == 0 ? _first : _retries;
        var receiver = new Receiver(delivery.SubscriptionId, delivery.Event.TenantId);
        await breakers.WhenRecordedAsync(delivery.SubscriptionId).WaitAsync(stop);
        var opening = breakers.Opening(delivery.SubscriptionId);
        if (opening is null)
        {
            // While its lane cannot be opened nobody waits for a slot.
            var patience = doors.Find(delivery.SubscriptionId) is null ? Patience : TimeSpan.Zero;
            if (await slots.TakeAsync(receiver, patience, clock, stop) is { } slot)
            {
                return slot;
            }

            opening = doors.Begin(delivery.SubscriptionId, LaneReason.FairShare);
        }

        await opening.EndedWithinAsync(Patience, stop);
        return null;
    }

    /// <summary>
    /// Leaves a delivery to its row for a while, if its lane has not been opened for so long that its message must not wait. False: that
    /// is not so.
    /// </summary>
    public async Task<bool> PutOffAsync(DeliveryRow delivery, CancellationToken stop)
    {
        if (doors.Find(delivery.SubscriptionId) is not { } opening || opening.BusyFor < Patience)
        {
            return false;
        }

        await handOver.PutOffAsync(delivery, TimeSpan.FromTicks(Math.Clamp(opening.BusyFor.Ticks, ShortestPutOff.Ticks, LongestPutOff.Ticks)), stop);
        return true;
    }
}
