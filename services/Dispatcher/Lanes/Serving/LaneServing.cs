using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>What the servings of all lanes of this process share.</summary>
internal sealed record LaneTools(
    LaneWork Work, LaneSlots Slots, Lease Lease, SubscriptionCache Subscriptions, LaneOptions Options, TimeProvider Clock);

/// <summary>
/// Serves one lane that this dispatcher holds, from the taking to the freeing or the closing. One loop decides and starts, in
/// the order of (due, accepted); what it has started runs beside, and none of that waits for another.
/// </summary>
internal sealed partial class LaneServing(HeldLane lane, LaneTools tools, ILogger logger)
{
    /// <summary>Of a lane that sets no limit of its own.</summary>
    public const int MostInFlight = 500;

    // News come by themselves. Those that were lost are made up for: what was read is doubted after this time.
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    // Who starts what has been due for longer does not keep up.
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(5);

    // As long may a closing wait for what is in hand, and keep what comes from being sent.
    private static readonly TimeSpan ClosingPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DoubtAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly WakeUp _wake = new(tools.Clock);
    private readonly LaneHands _hands = new();
    private volatile ILaneBacklog? _backlog;
    private readonly long _begunAt = tools.Clock.GetTimestamp();
    private LanePace? _pace;
    private int _inFlight;
    private volatile bool _hasNews = true;
    private volatile bool _isHandingOver;
    private bool _isClosed;
    private bool _isLost;
    private TimeSpan? _closingSince;
    private TimeSpan? _unneededSince;
    private TimeSpan _doubtedAt;
    private EndpointHealth _health = EndpointHealth.Unknown;
    private volatile bool _healthIsOld = true;
    private volatile bool _healthIsDoubted;
    private long _healthReadAt;

    public HeldLane Lane => lane;

    /// <summary>Somebody else may have it. A lease that is only overdue may be renewed yet: nothing is started until then.</summary>
    private bool IsLost => _isLost || tools.Lease.Id != lane.Lease;

    private TimeSpan Now => tools.Clock.GetElapsedTime(_begunAt);

    /// <summary>There may be new deliveries, or the subscription has changed.</summary>
    public void Tell()
    {
        _hasNews = true;
        _healthIsDoubted = true;
        _wake.Set();
    }

    /// <summary>Starts nothing more, and frees the lane as soon as nothing is in flight.</summary>
    public void HandOver()
    {
        _isHandingOver = true;
        _wake.Set();
    }

    /// <summary>Ends when the lane is closed, freed or lost. What is in flight then, of a lane that was lost, still is recorded.</summary>
    /// <param name="abandon">The shutdown ran out of time: what is in flight is left to others.</param>
    public async Task RunAsync(CancellationToken abandon)
    {
        while (!IsLost && !_isHandingOver && !_isClosed)
        {
            var wait = await TurnOrPauseAsync(abandon);
            if (wait > TimeSpan.Zero)
            {
                await _wake.WaitAsync(wait > ShortestWait ? wait : ShortestWait);
            }
        }

        tools.Slots.Leave(lane.SubscriptionId);
        while (_isHandingOver && !IsLost && _hands.Count > 0)
        {
            await _wake.WaitAsync(Poll);
        }

        if (_isHandingOver && !IsLost && !_isClosed)
        {
            await tools.Work.FreeAsync(lane, _pace?.Wait(Now) ?? lane.SendsAfter ?? TimeSpan.Zero, abandon);
        }
    }

    private async Task<TimeSpan> TurnOrPauseAsync(CancellationToken abandon)
    {
        try
        {
            return await TurnAsync(abandon);
        }
        catch (Exception fault) when (!abandon.IsCancellationRequested)
        {
            // The edge of the lane's work: nothing that it stumbles over may leave it unserved.
            Log.Failed(logger, fault, lane.SubscriptionId, FaultPause.TotalSeconds);
            _hasNews = true;
            _healthIsOld = true;
            return FaultPause;
        }
    }

    /// <summary>Starts what may be started now. Answers how long there is nothing to do, unless it is told otherwise.</summary>
    private async Task<TimeSpan> TurnAsync(CancellationToken abandon)
    {
        if (!tools.Lease.Covers(lane.Lease) || tools.Subscriptions.Current.ById.GetValueOrDefault(lane.SubscriptionId) is not { } subscription)
        {
            return Lease.Beat;
        }

        if (_closingSince is { } since)
        {
            return await CloseAsync(subscription, since, abandon);
        }

        var limits = LaneLimits.Of(subscription);
        var pace = (_pace ?? LanePace.Begin(limits.PerSecond, Now, lane.SendsAfter)).At(limits.PerSecond);
        _pace = pace;
        if (limits.IsPaused)
        {
            // Nothing is even read: a million of deliveries that wait cost nothing.
            (_hasNews, _unneededSince) = (true, null);
            return Forever;
        }

        if (NeedsHealth)
        {
            (_healthIsOld, _healthIsDoubted, _healthReadAt) = (false, false, tools.Clock.GetTimestamp());
            _health = await tools.Work.FindHealthAsync(lane, abandon);
        }

        // What takes nothing any more is sent nothing: there is no receiver to spare.
        if (IsActive(subscription) && _health.ClosedUntil - tools.Clock.GetUtcNow() is { } closedFor && closedFor > TimeSpan.Zero)
        {
            (_hasNews, _unneededSince) = (true, null);
            return closedFor < Poll ? closedFor : Poll;
        }

        var most = LaneRoom.Of(limits, _health, Volatile.Read(ref _inFlight));
        if (most == 0)
        {
            return Poll;
        }

        var backlog = BacklogOf(limits);
        if (_hasNews || Now - _doubtedAt >= Poll)
        {
            (_hasNews, _doubtedAt) = (false, Now);
            backlog.Doubt();
        }

        if (backlog.NeedsReading && !await backlog.ReadAsync(lane, tools.Work, abandon))
        {
            _isLost = true;
            return TimeSpan.Zero;
        }

        if (backlog.Ahead == 0)
        {
            _pace = pace.Rested(Now);
            return Rest(subscription, backlog);
        }

        var room = pace.Room(Now, Math.Min(most, backlog.Ahead));
        if (room == 0)
        {
            return pace.Wait(Now) - LanePace.Ahead;
        }

        var given = tools.Slots.Take(lane.SubscriptionId, room, _wake.Set);
        if (given == 0)
        {
            return Poll;
        }

        var entries = backlog.Take(given);
        if (entries.Exists(entry => entry.WaitsFor < -Behind))
        {
            _unneededSince = null;
        }

        await StartAsync(entries, given, abandon);
        return TimeSpan.Zero;
    }

    // Being told of new deliveries, several times a second, is seldom being told of this; our own attempts say it themselves.
    private bool NeedsHealth =>
        _healthIsOld || (_healthIsDoubted && (_health.NeedsLane(tools.Clock.GetUtcNow()) || tools.Clock.GetElapsedTime(_healthReadAt) > DoubtAfter));

    private static bool IsActive(Subscription subscription) => subscription is { State: SubscriptionState.Active, Deleted: false };

    /// <summary>What is in hand stays so when an order begins or ends; what was read ahead is read anew.</summary>
    private ILaneBacklog BacklogOf(LaneLimits limits)
    {
        if (limits.IsOrdered && _backlog is not KeyedBacklog)
        {
            _backlog = new KeyedBacklog(tools.Clock, _hands);
        }
        else if (!limits.IsOrdered && _backlog is not LaneBacklog)
        {
            _backlog = new LaneBacklog(tools.Clock, _hands);
        }

        return _backlog!;
    }

    /// <summary>Nothing is due that is not in hand. A lane that keeps up so well, and that nothing has needed for a while, is closed.</summary>
    private TimeSpan Rest(Subscription subscription, ILaneBacklog backlog)
    {
        var untilDoubt = Poll - (Now - _doubtedAt);
        var until = backlog.UntilNext is { } next && next < untilDoubt ? next : untilDoubt;
        if (IsNeeded(subscription))
        {
            _unneededSince = null;
            return until;
        }

        var left = tools.Options.IdleTime - (Now - (_unneededSince ??= Now));
        _closingSince = left <= TimeSpan.Zero ? Now : null;
        return left < until ? left : until;
    }

    private bool IsNeeded(Subscription subscription) =>
        LaneNeed.Of(subscription) is not null || (IsActive(subscription) && _health.NeedsLane(tools.Clock.GetUtcNow()));

    /// <summary>
    /// Starts nothing more until all that is in hand has ended, and then closes: what came meanwhile is left to the due-poller.
    /// A receiver that keeps some of it for longer keeps nothing else waiting: the lane is served on, and closed another time.
    /// </summary>
    private async Task<TimeSpan> CloseAsync(Subscription subscription, TimeSpan since, CancellationToken abandon)
    {
        var patience = ClosingPatience - (Now - since);
        if (!IsNeeded(subscription) && (_hands.Count == 0 || patience > TimeSpan.Zero))
        {
            if (_hands.Count > 0)
            {
                return patience;
            }

            _isClosed = await tools.Work.CloseAsync(lane, subscription.ConfigVersion, abandon);
        }

        (_closingSince, _unneededSince, _hasNews) = (null, null, true);
        return TimeSpan.Zero;
    }

    /// <summary>Looks at the rows of entries that were taken into hand, and starts each at its moment.</summary>
    private async Task StartAsync(List<LaneEntry> entries, int slots, CancellationToken abandon)
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
            var looked = await tools.Work.LookAsync(lane, open, abandon);
            for (; started < open.Count; started++)
            {
                if (looked.Subscription is not { } subscription || !await MayStartAsync(subscription))
                {
                    _hasNews = true;
                    return;
                }

                Start(open[started], looked.Rows.GetValueOrDefault(open[started].Id), subscription, abandon);
            }
        }
        finally
        {
            open[started..].ForEach(End);
        }
    }

    /// <summary>Waits for the moment of the next send. False: the lane, or the subscription's configuration, is not what it was.</summary>
    private async Task<bool> MayStartAsync(Subscription subscription)
    {
        while (_pace!.Value.Wait(Now) is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait > ShortestWait ? wait : ShortestWait, tools.Clock, CancellationToken.None);
        }

        return tools.Lease.Covers(lane.Lease) && !_isHandingOver && ReferenceEquals(subscription, tools.Subscriptions.Current.ById.GetValueOrDefault(lane.SubscriptionId))
            && !LaneLimits.Of(subscription).IsPaused;
    }

    private void Start(LaneEntry entry, DeliveryRow? row, Subscription subscription, CancellationToken abandon)
    {
        switch (LaneLook.At(entry, row, row is { EventIsGone: false } && subscription.Accepts(row.CreatedAt)))
        {
            case LaneVerdict.Send:
                _pace = _pace!.Value.Sent(Now);
                Interlocked.Increment(ref _inFlight);
                _ = AttemptAsync(row! with { Held = _health.HeldUntil(tools.Clock.GetUtcNow(), row!.Held, row.LaneDueAt) }, subscription, abandon);
                break;
            case LaneVerdict.Cancel:
                Interlocked.Increment(ref _inFlight);
                _ = FinishAsync(entry.Id, () => tools.Work.CancelAsync(row!, abandon), abandon);
                break;
            case LaneVerdict.TakeOut:
                Interlocked.Increment(ref _inFlight);
                _ = FinishAsync(entry.Id, () => tools.Work.TakeOutAsync(entry, abandon), abandon);
                break;
            default:
                _hasNews = true;
                End(entry);
                break;
        }
    }

    private Task AttemptAsync(DeliveryRow row, Subscription subscription, CancellationToken abandon) => FinishAsync(
        row.Id,
        async () =>
        {
            var finished = await tools.Work.AttemptAsync(row, subscription, abandon);
            // One that has ended needs no reading; one that waits, or that somebody else recorded, is seen at the next.
            if (finished is not { NextAttemptAt: null } && !_backlog!.AsksForReleased)
            {
                _hasNews = true;
            }

            // Successes of a receiver that is well say nothing new.
            if (finished is not { Next: NextStep.Complete } || _health != EndpointHealth.Unknown)
            {
                _healthIsOld = true;
            }
        },
        abandon);

    private async Task FinishAsync(Guid deliveryId, Func<Task> work, CancellationToken abandon)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // It stays in the lane, for whoever holds it next.
        }
        catch (Exception fault)
        {
            // It is in hand still, so that only this one waits before it is tried again.
            Log.DeliveryFailed(logger, fault, deliveryId);
            _hasNews = true;
            await Task.Delay(FaultPause, tools.Clock, CancellationToken.None);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            End(deliveryId);
            _wake.Set();
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
        _backlog!.Release(deliveryId);
        Tell();
    }

    private void End(LaneEntry entry) => End(entry.Id);

    private void End(Guid deliveryId)
    {
        tools.Work.End(deliveryId);
        _backlog!.Release(deliveryId);
        tools.Slots.GiveBack(lane.SubscriptionId, 1);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Serving the lane of subscription sub_{SubscriptionId:N} failed by a fault of our own and is tried again in {Seconds} s")]
        public static partial void Failed(ILogger logger, Exception fault, Guid subscriptionId, double seconds);

        [LoggerMessage(2, LogLevel.Error, "Work on delivery dlv_{DeliveryId:N} of a lane failed by a fault of our own and is tried again")]
        public static partial void DeliveryFailed(ILogger logger, Exception fault, Guid deliveryId);
    }
}
