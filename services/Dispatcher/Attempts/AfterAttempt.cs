using Webhooks.Broker.Publishing;
using Webhooks.Dispatcher.Attempts.Gone;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Retries;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>Carries out the step that follows a recorded attempt. It may be repeated: whoever comes after a crash does just that.</summary>
internal sealed class AfterAttempt(RetryAnnouncer announcer, HandOver handOver, GoneStep gone, TimeProvider clock)
{
    // After an outage of the database the record comes late. A message that began its whole delay only then would come later than
    // the row says, and would be taken for lost.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    public async Task CarryOutAsync(FinishedAttempt attempt, CancellationToken stop)
    {
        switch (attempt.Next)
        {
            // The row has the wait already. A wait that is not brokered needs nothing either.
            case NextStep.Retry when attempt.InLane:
                break;
            case NextStep.Fail { DisablesSubscription: true } when attempt.InLane:
                // Disabled with the record. If somebody has enabled it since, that came after the receiver's 410, and counts.
                break;
            case NextStep.Retry { Brokered: true } retry when attempt.LacksQueue:
                announcer.Prove(retry.Wait, attempt.Delivery);
                break;
            case NextStep.Retry { Brokered: true } retry when IsLate(attempt, retry):
                await handOver.ToPollerAsync(attempt.Delivery, attempt.Number, isInDoubt: false, stop);
                break;
            case NextStep.Retry { Brokered: true } retry:
                var delayed = await announcer.DelayAsync(attempt.Delivery, attempt.Number + 1, retry.Wait, attempt.NextAttemptAt!.Value, stop);
                if (delayed != PublishOutcome.Confirmed)
                {
                    await handOver.ToPollerAsync(attempt.Delivery, attempt.Number, delayed is PublishOutcome.Unknown or PublishOutcome.Unconfirmed, stop);
                }

                break;
            case NextStep.Fail { DisablesSubscription: true }:
                await gone.CarryOutAsync(attempt.Delivery, attempt.Request.Url, stop);
                break;
        }
    }

    /// <summary>Has the attempt that follows a recorded one made, whose recorder may have died before it announced it.</summary>
    public async Task AnnounceNextAsync(DeliveryRow delivery, int number, DateTimeOffset at, CancellationToken stop)
    {
        // Its recorder may have announced it, too.
        if (at + HandOver.Doubt <= clock.GetUtcNow())
        {
            await announcer.AnnounceNowAsync(delivery, number, stop);
        }
        else
        {
            // What is left of the wait fits no delay queue: the due-poller announces it.
            await handOver.ToPollerAsync(delivery, delivery.LastAttempt, isInDoubt: true, stop);
        }
    }

    /// <summary>What a recorded attempt that ended its delivery means for the subscription, when its recorder may have died.</summary>
    public Task FinishFailureAsync(DeliveryRow delivery, int number, CancellationToken stop) => gone.FinishAsync(delivery, number, stop);

    private bool IsLate(FinishedAttempt attempt, NextStep.Retry retry) => clock.GetUtcNow() + retry.Wait - attempt.NextAttemptAt > Late;
}
