using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Carries out what a look decided, for many deliveries at once, and finishes each last.</summary>
internal sealed partial class DeliveryWork(
    AttemptRunner attempts, AfterAttempt after, LaneIntake lanes, MessageSlots slots, HealthLanes breakers, DeliveryStore store, DatabaseGate database, InFlight inFlight,
    TimeProvider clock, ILogger<DeliveryWork> logger)
{
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    // A lane that is found closed is known to be so at the next look. Should it not be, that is no loop that keeps the database busy.
    private static readonly TimeSpan ClosedPause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Makes this the one work on its delivery that runs in this process. False: another message's runs, and this one
    /// comes back when that has ended.
    /// </summary>
    public bool TryBegin(DeliveryInHand delivery)
    {
        if (inFlight.TryBegin(delivery.Id, out var ended))
        {
            return true;
        }

        _ = LookAgainAfterAsync(ended, delivery);
        return false;
    }

    /// <summary>Ends work that was begun and cannot be carried out, because there was no look, or its message is lost.</summary>
    public void GiveUp(DeliveryInHand delivery) => inFlight.End(delivery.Id);

    /// <summary>Starts what the look at a begun delivery's row leads to; never waits for it.</summary>
    public void Start(DeliveryInHand delivery, DeliveryRow? row, ConfigSnapshot config, CancellationToken abandon)
    {
        var subscription = row is null ? null : config.ById.GetValueOrDefault(row.SubscriptionId);
        var accepts = row is { EventIsGone: false } && (subscription?.Accepts(row.CreatedAt) ?? false);
        var decision = Look.At(delivery.Message, delivery.Redelivered, row, accepts, subscription?.HasLane ?? false);
        _ = CarryOutAsync(decision, delivery, row, subscription, abandon);
    }

    private static async Task LookAgainAfterAsync(Task ended, DeliveryInHand delivery)
    {
        await ended;
        delivery.TakeAgain();
    }

    private async Task CarryOutAsync(LookResult decision, DeliveryInHand delivery, DeliveryRow? row, Subscription? subscription, CancellationToken abandon)
    {
        try
        {
            if (await TryAsync(decision, delivery, row, subscription, abandon))
            {
                delivery.Finish();
            }
            else
            {
                _ = LookAgainAfterAsync(Task.Delay(ClosedPause, clock, CancellationToken.None), delivery);
            }
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time: unacknowledged, the message goes to another dispatcher.
        }
        catch (Exception fault)
        {
            // The edge of a delivery's work: it is looked at again in a while, and parked when that does not help.
            Log.Failed(logger, fault, delivery.Id, delivery.Message.Number);
            delivery.CountFault();
            _ = LookAgainAfterAsync(Task.Delay(FaultPause, clock, CancellationToken.None), delivery);
        }
        finally
        {
            inFlight.End(delivery.Id);
        }
    }

    /// <summary>
    /// False: it was to enter a lane that is closed. Nothing was done about it; and as the database may have been away for long by then,
    /// nothing is done by what the row and the subscription were before.
    /// </summary>
    private async Task<bool> TryAsync(LookResult decision, DeliveryInHand delivery, DeliveryRow? row, Subscription? subscription, CancellationToken abandon)
    {
        switch (decision)
        {
            case LookResult.EnterLane:
                return await lanes.EnterAsync(row!, abandon);
            case LookResult.Send send:
                if (await slots.TakeAsync(row!, abandon) is not { } slot)
                {
                    return await lanes.EnterAsync(row!, abandon) || await slots.PutOffAsync(row!, abandon);
                }

                await attempts.RunAsync(row!, send.Number, subscription!, delivery.BearsFault, abandon, slot, result => breakers.Answered(row!.SubscriptionId, result));
                break;
            case LookResult.Cancel:
                await database.RunAsync(token => store.CancelAsync(row!, token), abandon);
                break;
            case LookResult.FinishFailure failure:
                await after.FinishFailureAsync(row!, failure.Number, abandon);
                break;
            case LookResult.AnnounceNext next:
                await after.AnnounceNextAsync(row!, next.Number, next.At, abandon);
                break;
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Work on delivery dlv_{DeliveryId:N}, attempt {Number}, failed by a fault of our own and is tried again")]
        public static partial void Failed(ILogger logger, Exception fault, Guid deliveryId, int number);
    }
}
