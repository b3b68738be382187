using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// Starts the entries that one lane's loop took into hand, each at its moment, after a look at its row. What was started runs
/// beside the loop, and none of that waits for another.
/// </summary>
internal sealed partial class LaneSender(HeldLane lane, LaneTools tools, LaneAhead ahead, LaneHealth health, LaneNews news, ILogger logger)
{
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly long _begunAt = tools.Clock.GetTimestamp();

    // By the delivery, how often work on it has failed since this process serves the lane; of those on which it fails.
    private readonly ConcurrentDictionary<Guid, int> _faults = new();
    private LanePace? _pace;
    private int _inFlight;

    /// <summary>Counted from the taking of the lane.</summary>
    public TimeSpan Now => tools.Clock.GetElapsedTime(_begunAt);

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>How long until the next send may start, as the next holder is to be told; null: this one knows nothing of it.</summary>
    public TimeSpan? Wait => _pace?.Wait(Now) ?? lane.SendsAfter - Now;

    /// <summary>The pace by which sends start from now on.</summary>
    public LanePace PaceAt(LaneLimits limits)
    {
        var pace = (_pace ?? LanePace.Begin(limits.PerSecond, Now, lane.SendsAfter)).At(limits.PerSecond);
        _pace = pace;
        return pace;
    }

    /// <summary>Nothing waits to be sent.</summary>
    public void Rest() => _pace = _pace!.Value.Rested(Now);

    /// <summary>Returns when each was started, or given back because the receiver, the lane, or the subscription's configuration, is not what it was.</summary>
    /// <param name="entries">Taken into hand.</param>
    /// <param name="slots">Taken for them; at least as many.</param>
    /// <param name="subscription">By whose limits they were taken. The look at their rows may be the first to learn of others.</param>
    public async Task StartAsync(List<LaneEntry> entries, int slots, Subscription subscription, CancellationToken abandon)
    {
        var open = entries.Where(TryBegin).ToList();
        tools.Slots.GiveBack(lane.SubscriptionId, slots - open.Count);
        if (open.Count == 0)
        {
            return;
        }

        var started = 0;
        try
        {
            var lookedAt = tools.Clock.GetTimestamp();
            var looked = await tools.Work.LookAsync(lane, open, abandon);
            for (; started < open.Count; started++)
            {
                if (!ReferenceEquals(looked.Subscription, subscription) || !await MayStartAsync(subscription, lookedAt, abandon))
                {
                    news.AskToRead();
                    return;
                }

                Start(open[started], looked.Rows.GetValueOrDefault(open[started].Id), subscription, abandon);
            }
        }
        finally
        {
            open[started..].ForEach(entry => End(entry.Id));
        }
    }

    /// <summary>
    /// Waits for the moment of the next send. False: the receiver, the lane, or the subscription's configuration, is not what it
    /// was, or what was looked at may not be, because the database was away since.
    /// </summary>
    private async Task<bool> MayStartAsync(Subscription subscription, long lookedAt, CancellationToken abandon)
    {
        while (_pace!.Value.Wait(Now) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait > ShortestWait ? wait : ShortestWait, tools.Clock, CancellationToken.None);
        }

        // Others that were started may have told something of the receiver meanwhile.
        return await health.ClosedForAsync(subscription, abandon) <= TimeSpan.Zero
            && tools.Lease.Covers(lane.LeaseId, lookedAt)
            && !news.IsToHandOver && !news.IsLost
            && ReferenceEquals(subscription, tools.Subscriptions.Current.ById.GetValueOrDefault(lane.SubscriptionId));
    }

    private void Start(LaneEntry entry, DeliveryRow? row, Subscription subscription, CancellationToken abandon)
    {
        switch (LaneLook.At(entry, row, row is { EventIsGone: false } && subscription.Accepts(row.CreatedAt), _faults.GetValueOrDefault(entry.Id)))
        {
            case LaneVerdict.Send:
                _pace = _pace!.Value.Sent(Now);
                Interlocked.Increment(ref _inFlight);
                _ = AttemptAsync(row! with { Held = health.Known.HeldUntil(tools.Clock.GetUtcNow(), row!.Held, row.LaneDueAt) }, subscription, abandon);
                break;
            case LaneVerdict.Cancel:
                Interlocked.Increment(ref _inFlight);
                _ = FinishAsync(entry.Id, () => tools.Work.CancelAsync(row!, abandon), abandon);
                break;
            case LaneVerdict.Park:
                Interlocked.Increment(ref _inFlight);
                _ = FinishAsync(entry.Id, () => tools.Work.ParkAsync(row!, abandon), abandon);
                break;
            default:
                news.AskToRead();
                End(entry.Id);
                break;
        }
    }

    private Task AttemptAsync(DeliveryRow row, Subscription subscription, CancellationToken abandon) => FinishAsync(
        row.Id,
        async () =>
        {
            var finished = await tools.Work.AttemptAsync(row, subscription, result => health.Answered(row.Id, result), abandon);
            // One that has ended needs no reading; one that waits, or that somebody else recorded, is seen at the next.
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

    private async Task FinishAsync(Guid deliveryId, Func<Task> work, CancellationToken abandon)
    {
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
            Log.DeliveryFailed(logger, fault, deliveryId);
            _faults.AddOrUpdate(deliveryId, 1, (_, times) => times + 1);
            news.AskToRead();
            await Task.Delay(FaultPause, tools.Clock, CancellationToken.None);
        }
        finally
        {
            // What it was answered is in the record, which is to be read anew by now, or will be answered again.
            health.Recorded(deliveryId);
            Interlocked.Decrement(ref _inFlight);
            End(deliveryId);
            news.Wake();
        }
    }

    private bool TryBegin(LaneEntry entry)
    {
        if (tools.Work.TryBegin(entry.Id, out var ended))
        {
            return true;
        }

        // In hand until then, so that it is not found again and again.
        _ = ReleaseAfterAsync(ended, entry.Id);
        return false;
    }

    private async Task ReleaseAfterAsync(Task ended, Guid deliveryId)
    {
        await ended;
        ahead.Release(deliveryId);
        // A message's work may have said something of the receiver.
        health.Doubt();
        news.AskToRead();
        news.Wake();
    }

    private void End(Guid deliveryId)
    {
        tools.Work.End(deliveryId);
        ahead.Release(deliveryId);
        tools.Slots.GiveBack(lane.SubscriptionId, 1);
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Error, "Work on delivery dlv_{DeliveryId:N} of a lane failed by a fault of our own and is tried again")]
        public static partial void DeliveryFailed(ILogger logger, Exception fault, Guid deliveryId);
    }
}
