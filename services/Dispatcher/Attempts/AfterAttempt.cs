using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Retries;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>Carries out the step that follows a recorded attempt. It may be repeated: whoever comes after a crash does just that.</summary>
internal sealed class AfterAttempt(
    RetryAnnouncer announcer, HandOver handOver, AttemptStore attempts, SubscriptionStore subscriptions, DatabaseGate database, TimeProvider clock)
{
    // A database that was away made the record wait. A message that starts its whole delay only now would come later than
    // the row says, and be taken for one that was lost.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    public async Task CarryOutAsync(FinishedAttempt attempt, CancellationToken stop)
    {
        switch (attempt.Next)
        {
            // The wait is in the row already. So it is when it is never brokered.
            case NextStep.Retry when attempt.InLane:
                break;
            case NextStep.Fail { DisablesSubscription: true } when attempt.InLane:
                // Done with the record. Whoever has enabled it since has done so after the receiver's word.
                break;
            case NextStep.Retry { Brokered: true } retry when attempt.LacksQueue:
                announcer.Prove(retry.Wait, attempt.Delivery);
                break;
            case NextStep.Retry { Brokered: true } retry:
                if (IsLate(attempt, retry) || !await announcer.DelayAsync(attempt.Delivery, attempt.Number + 1, retry.Wait, attempt.NextAttemptAt!.Value, stop))
                {
                    await handOver.ToPollerAsync(attempt.Delivery, attempt.Number, stop);
                }

                break;
            case NextStep.Fail { DisablesSubscription: true }:
                await DisableAsync(attempt.Delivery, stop);
                break;
        }
    }

    /// <summary>What a recorded attempt that ended its delivery means for the subscription, when its recorder may have died.</summary>
    public async Task FinishFailureAsync(DeliveryRow delivery, int number, CancellationToken stop)
    {
        if (await database.RunAsync(token => attempts.WasGoneAsync(delivery, number, token), stop))
        {
            await DisableAsync(delivery, stop);
        }
    }

    private bool IsLate(FinishedAttempt attempt, NextStep.Retry retry) => clock.GetUtcNow() + retry.Wait - attempt.NextAttemptAt > Late;

    private Task DisableAsync(DeliveryRow delivery, CancellationToken stop) =>
        database.RunAsync(token => subscriptions.DisableAsync(delivery.SubscriptionId, "gone", token), stop);
}
