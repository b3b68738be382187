using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Hands;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>The work on many deliveries at once: one on each, which ends with its message, or is done again.</summary>
internal sealed partial class DeliveryWork(AfterLook after, InFlight inFlight, TimeProvider clock, ILogger<DeliveryWork> logger)
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
        _ = RunAsync(decision, delivery, row, subscription, abandon);
    }

    private static async Task LookAgainAfterAsync(Task ended, DeliveryInHand delivery)
    {
        await ended;
        delivery.TakeAgain();
    }

    private async Task RunAsync(LookResult decision, DeliveryInHand delivery, DeliveryRow? row, Subscription? subscription, CancellationToken abandon)
    {
        try
        {
            if (await after.CarryOutAsync(decision, delivery, row, subscription, abandon))
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Work on delivery dlv_{DeliveryId:N}, attempt {Number}, failed by a fault of our own and is tried again")]
        public static partial void Failed(ILogger logger, Exception fault, Guid deliveryId, int number);
    }
}
