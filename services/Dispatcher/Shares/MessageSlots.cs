using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Gives each message's send its slot. When the subscription or its tenant has used up its share and no slot comes back, opens the
/// subscription's lane instead, for the delivery to enter; so, too, while the lane is being opened because the receiver is to be
/// left alone. First attempts and retries have slots of their own, as their queues have.
/// </summary>
internal sealed class MessageSlots(LaneOpenings doors, HealthLanes breakers, SubscriptionCache subscriptions, TimeProvider clock)
{
    // A burst for a quick receiver takes any number of slots, and gives them back within milliseconds: what waits so long in vain
    // is held up by one that hangs. Short, because what waits takes up a place among the messages in hand.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly WireSlots _first = new(() => ShardLoops.MostFirstAttempts * subscriptions.Current.Shards);
    private readonly WireSlots _retries = new(() => ShardLoops.MostRetries * subscriptions.Current.Shards);

    /// <summary>A slot, to be disposed of when the answer is there. Null: the subscription's lane is open, and the delivery is to enter it.</summary>
    public async ValueTask<IDisposable?> TakeAsync(DeliveryRow delivery, CancellationToken stop)
    {
        var slots = delivery.LastAttempt == 0 ? _first : _retries;
        var receiver = new Receiver(delivery.SubscriptionId, delivery.Event.TenantId);
        if (breakers.Opening(delivery.SubscriptionId) is { } opening)
        {
            await opening.WaitAsync(stop);
        }
        else if (await slots.TakeAsync(receiver, Patience, clock, stop) is { } slot)
        {
            return slot;
        }
        else
        {
            await doors.OpenAsync(delivery.SubscriptionId, LaneReason.FairShare, stop);
        }

        return null;
    }
}
