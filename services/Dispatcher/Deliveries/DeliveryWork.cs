using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Retries;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Carries out what a look decided, for many deliveries at once, and acknowledges last.</summary>
internal sealed partial class DeliveryWork(
    AttemptRunner attempts, AfterAttempt after, RetryAnnouncer announcer, HandOver handOver, LaneIntake lanes, MessageSlots slots, DeliveryStore store, DatabaseGate database, InFlight inFlight,
    TimeProvider clock, ILogger<DeliveryWork> logger)
{
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Makes this the one message whose work on its delivery runs in this process. False: another one's runs, and this one
    /// comes back when that has ended.
    /// </summary>
    public bool TryBegin(ReceivedMessage received, DeliveryMessage message, QueueConsumer consumer)
    {
        if (inFlight.TryBegin(message.DeliveryId, out var ended))
        {
            return true;
        }

        _ = LookAgainAfterAsync(ended, received, consumer);
        return false;
    }

    /// <summary>Ends work that was begun and cannot be carried out, because there was no look.</summary>
    public void GiveUp(DeliveryMessage message) => inFlight.End(message.DeliveryId);

    /// <summary>Starts what the look at a begun message's row leads to; never waits for it.</summary>
    public void Start(
        ReceivedMessage received, DeliveryMessage message, DeliveryRow? row, ConfigSnapshot config, QueueConsumer consumer, CancellationToken abandon)
    {
        var subscription = row is null ? null : config.ById.GetValueOrDefault(row.SubscriptionId);
        var accepts = row is { EventIsGone: false } && (subscription?.Accepts(row.CreatedAt) ?? false);
        var decision = Look.At(message, received.Redelivered, row, accepts, subscription?.HasLane ?? false);
        _ = CarryOutAsync(decision, received, message, row, subscription, consumer, abandon);
    }

    private static async Task LookAgainAfterAsync(Task ended, ReceivedMessage received, QueueConsumer consumer)
    {
        await ended;
        consumer.TakeAgain(received);
    }

    private async Task CarryOutAsync(
        LookResult decision, ReceivedMessage received, DeliveryMessage message, DeliveryRow? row, Subscription? subscription, QueueConsumer consumer, CancellationToken abandon)
    {
        try
        {
            if (decision is LookResult.EnterLane && !await lanes.EnterAsync(row!, abandon))
            {
                decision = Look.At(message, received.Redelivered, row, accepts: true, hasLane: false);
            }

            switch (decision)
            {
                case LookResult.Send send:
                    if (await slots.TakeAsync(row!, abandon) is { } slot)
                    {
                        await attempts.RunAsync(row!, send.Number, subscription!, abandon, slot);
                    }

                    break;
                case LookResult.Cancel:
                    await database.RunAsync(token => store.CancelAsync(row!, token), abandon);
                    break;
                case LookResult.FinishFailure failure:
                    await after.FinishFailureAsync(row!, failure.Number, abandon);
                    break;
                case LookResult.AnnounceNext next:
                    await AnnounceAsync(row!, next, abandon);
                    break;
            }

            received.Ack();
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time: unacknowledged, the message goes to another dispatcher.
        }
        catch (Exception fault)
        {
            // The edge of a message's work: it is looked at again in a while, and parked when that does not help.
            Log.Failed(logger, fault, message.DeliveryId, message.Number);
            received.CountFault();
            _ = LookAgainAfterAsync(Task.Delay(FaultPause, clock, CancellationToken.None), received, consumer);
        }
        finally
        {
            inFlight.End(message.DeliveryId);
        }
    }

    private async Task AnnounceAsync(DeliveryRow row, LookResult.AnnounceNext next, CancellationToken abandon)
    {
        var wait = next.At - clock.GetUtcNow();
        if (wait <= TimeSpan.Zero)
        {
            await announcer.AnnounceNowAsync(row, next.Number, abandon);
        }
        else
        {
            // What is left of the wait fits no delay queue: the due-poller announces it.
            await handOver.ToPollerAsync(row, row.LastAttempt, abandon);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Work on delivery dlv_{DeliveryId:N}, attempt {Number}, failed by a fault of our own and is tried again")]
        public static partial void Failed(ILogger logger, Exception fault, Guid deliveryId, int number);
    }
}
