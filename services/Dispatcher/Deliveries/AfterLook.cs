using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Carries out what the look at one delivery's row decided.</summary>
internal sealed class AfterLook(
    AttemptRunner attempts, AfterAttempt after, LaneIntake lanes, MessageSlots slots, HealthLanes breakers, Cancels cancels)
{
    /// <summary>
    /// True: the message may be finished. False: it was to enter a lane that is closed. Nothing was done about it; and as the database may
    /// have been away for long by then, nothing is done by what the row and the subscription were before.
    /// </summary>
    public async Task<bool> CarryOutAsync(LookResult decision, DeliveryInHand delivery, DeliveryRow? row, Subscription? subscription, CancellationToken abandon)
    {
        switch (decision)
        {
            case LookResult.EnterLane:
                return await lanes.EnterAsync(row!, abandon);
            case LookResult.Send send:
                return await SendAsync(row!, send.Number, subscription!, delivery, abandon);
            case LookResult.Cancel:
                await cancels.CancelAsync(row!, abandon);
                return true;
            case LookResult.FinishFailure failure:
                await after.FinishFailureAsync(row!, failure.Number, abandon);
                return true;
            case LookResult.AnnounceNext next:
                await after.AnnounceNextAsync(row!, next.Number, next.At, abandon);
                return true;
            default:
                return true;
        }
    }

    /// <summary>Or puts it into its lane, when it is not to be sent now; or leaves it to its row, when the lane cannot be opened.</summary>
    private async Task<bool> SendAsync(DeliveryRow row, int number, Subscription subscription, DeliveryInHand delivery, CancellationToken abandon)
    {
        if (await slots.TakeAsync(row, abandon) is not { } slot)
        {
            return await lanes.EnterAsync(row, abandon) || await slots.PutOffAsync(row, abandon);
        }

        await attempts.RunAsync(row, number, subscription, delivery.BearsFault, abandon, slot, result => breakers.Answered(row.SubscriptionId, result));
        return true;
    }
}
