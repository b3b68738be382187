using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Topology;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// The work on the entries that one lane has in hand, each from <see cref="TryBegin"/> to its end. What was started runs beside the
/// lane's loop, and none of it waits for another.
/// </summary>
internal sealed class EntryWork(HeldLane lane, LaneTools tools, ReadAhead ahead, LaneHealth health, LaneNews news, ILogger logger)
{
    // By the delivery, and only of deliveries on which work has failed since this process serves the lane.
    private readonly ConcurrentDictionary<Guid, int> _faults = new();
    private int _inFlight;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>How often work on it has failed by a fault of our own.</summary>
    public int FaultsOf(Guid deliveryId) => _faults.GetValueOrDefault(deliveryId);

    /// <summary>
    /// True: nothing else in this process works on it, until it is started and has ended, or is given back. False: a message's
    /// work on it runs.
    /// </summary>
    public bool TryBegin(LaneEntry entry)
    {
        if (tools.Work.TryBegin(entry.Id, out var ended))
        {
            return true;
        }

        // In hand until then, so that it is not found again and again.
        _ = ReleaseAfterAsync(ended, entry.Id);
        return false;
    }

    /// <summary>Ends what was begun and is not started.</summary>
    public void GiveBack(Guid deliveryId)
    {
        tools.Work.End(deliveryId);
        ahead.Release(deliveryId);
        tools.Slots.GiveBack(lane.SubscriptionId, 1);
    }

    public void Attempt(DeliveryRow row, Subscription subscription, CancellationToken abandon) => Start(
        row.Id,
        async () =>
        {
            var finished = await tools.Work.AttemptAsync(row, subscription, result => health.Answered(row.Id, result), () => BearsFault(row.Id), abandon);
            // A delivery that has ended needs no reading; one that waits, or whose attempt somebody else recorded, is found by the next.
            if (finished is not { NextAttemptAt: null } && !ahead.AsksForReleased)
            {
                news.AskToRead();
            }

            // Successes of a receiver that is well say nothing new.
            if (finished is not { Next: NextStep.Complete } || health.Known != EndpointHealth.Unknown)
            {
                health.Outdate();
            }
        },
        abandon);

    public void Cancel(DeliveryRow row, CancellationToken abandon) => Start(row.Id, () => tools.Work.CancelAsync(row, abandon), abandon);

    public void Park(DeliveryRow row, CancellationToken abandon) => Start(row.Id, () => tools.Work.ParkAsync(row, abandon), abandon);

    private void Start(Guid deliveryId, Func<Task> work, CancellationToken abandon)
    {
        Interlocked.Increment(ref _inFlight);
        _ = RunAsync(deliveryId, work, abandon);
    }

    private async Task RunAsync(Guid deliveryId, Func<Task> work, CancellationToken abandon)
    {
        var hasFailed = false;
        try
        {
            await work();
            _faults.TryRemove(deliveryId, out _);
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // It stays in the lane, for whoever holds it next.
        }
        catch (Exception fault)
        {
            // It is in hand still, so that only this one waits before it is tried again.
            LaneLog.WorkFailed(logger, fault, deliveryId);
            CountFault(deliveryId);
            hasFailed = true;
            await Task.Delay(LaneServing.FaultPause, tools.Clock, CancellationToken.None);
        }
        finally
        {
            // The receiver's answer is in the record, which is marked to be read anew; or it was not recorded, and the receiver will be asked again.
            health.Recorded(deliveryId);
            Interlocked.Decrement(ref _inFlight);
            GiveBack(deliveryId);
            if (hasFailed)
            {
                // Not before it is given back: a reading in between would not find it.
                news.AskToRead();
            }

            news.Wake();
        }
    }

    // It keeps its slot meanwhile, as it would if it were sent again. If it gave that back, a lane whose records all fail would send on and
    // on, and keep what came of it in memory.
    private bool BearsFault(Guid deliveryId)
    {
        var isBorne = FaultsOf(deliveryId) + 1 < BrokerTopology.PoisonCount;
        if (isBorne)
        {
            CountFault(deliveryId);
        }

        return isBorne;
    }

    private void CountFault(Guid deliveryId) => _faults.AddOrUpdate(deliveryId, 1, (_, times) => times + 1);

    private async Task ReleaseAfterAsync(Task ended, Guid deliveryId)
    {
        await ended;
        ahead.Release(deliveryId);
        // A message's work may have said something of the receiver.
        health.Doubt();
        news.AskToRead();
        news.Wake();
    }
}
