using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>What the servings of all lanes of this process share.</summary>
internal sealed record LaneTools(
    LaneWork Work, LaneSlots Slots, Lease Lease, SubscriptionCache Subscriptions, LaneOptions Options, TimeProvider Clock);

/// <summary>
/// Serves one lane that this dispatcher holds, from the taking to the freeing or the closing. One loop asks at each turn, in this
/// order: may anything be sent (<see cref="LaneHealth"/>), how many (<see cref="LaneRoom"/>, <see cref="LanePace"/>,
/// <see cref="LaneSlots"/>), which (<see cref="LaneAhead"/>, <see cref="LaneProbes"/>); and has them started (<see cref="LaneSender"/>), or, when there are
/// none for a while, closes the lane (<see cref="LaneClosing"/>).
/// </summary>
internal sealed partial class LaneServing
{
    // News come by themselves. Those that were lost are made up for: what was read is doubted after this time.
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly LaneTools _tools;
    private readonly ILogger _logger;
    private readonly LaneNews _news;
    private readonly LaneAhead _ahead;
    private readonly LaneHealth _health;
    private readonly LaneProbes _probes = new();
    private readonly LaneSender _sender;
    private readonly LaneClosing _closing;
    private bool _isClosed;
    private TimeSpan _doubtedAt;

    public LaneServing(HeldLane lane, LaneTools tools, ILogger logger)
    {
        (Lane, _tools, _logger) = (lane, tools, logger);
        _news = new LaneNews(tools.Clock);
        _ahead = new LaneAhead(tools.Clock);
        _health = new LaneHealth(lane, tools);
        _sender = new LaneSender(lane, tools, _ahead, _health, _news, logger);
        _closing = new LaneClosing(tools.Options.IdleTime);
    }

    public HeldLane Lane { get; }

    /// <summary>Somebody else may have it. A lease that is only overdue may be renewed yet: nothing is started until then.</summary>
    private bool IsLost => _news.IsLost || _tools.Lease.Id != Lane.LeaseId;

    private TimeSpan Now => _sender.Now;

    /// <summary>There may be new deliveries, or the subscription has changed.</summary>
    public void Tell()
    {
        _news.AskToRead();
        _health.Doubt();
        _news.Wake();
    }

    /// <summary>Starts nothing more, and frees the lane as soon as nothing is in flight.</summary>
    public void HandOver() => _news.HandOver();

    /// <summary>It is not this dispatcher's any more.</summary>
    public void Lose() => _news.Lose();

    /// <summary>Ends when the lane is closed, freed or lost. What is in flight then, of a lane that was lost, still is recorded.</summary>
    /// <param name="abandon">The shutdown ran out of time: what is in flight is left to others.</param>
    public async Task RunAsync(CancellationToken abandon)
    {
        while (!IsLost && !_news.IsToHandOver && !_isClosed)
        {
            var wait = await TurnOrPauseAsync(abandon);
            _tools.Slots.PassOn(Lane.SubscriptionId);
            if (wait > TimeSpan.Zero)
            {
                await _news.WaitAsync(wait > ShortestWait ? wait : ShortestWait);
            }
        }

        _tools.Slots.Leave(Lane.SubscriptionId);
        while (_news.IsToHandOver && !IsLost && _ahead.InHand > 0)
        {
            await _news.WaitAsync(Poll);
        }

        if (_news.IsToHandOver && !IsLost && !_isClosed)
        {
            await _tools.Work.FreeAsync(Lane, _sender.Wait, abandon);
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
            Log.Failed(_logger, fault, Lane.SubscriptionId, FaultPause.TotalSeconds);
            _news.AskToRead();
            _health.Outdate();
            return FaultPause;
        }
    }

    /// <summary>Starts what may be started now. Answers how long there is nothing to do, unless it is told otherwise.</summary>
    private async Task<TimeSpan> TurnAsync(CancellationToken abandon)
    {
        if (!_tools.Lease.Covers(Lane.LeaseId) || _tools.Subscriptions.Current.ById.GetValueOrDefault(Lane.SubscriptionId) is not { } subscription)
        {
            return Lease.Beat;
        }

        if (_closing.HasBegun)
        {
            return await CloseAsync(subscription, abandon);
        }

        var limits = LaneLimits.Of(subscription);
        var pace = _sender.PaceAt(limits);
        if (limits.IsPaused)
        {
            // Nothing is even read: a million of deliveries that wait cost nothing.
            return Hold(Forever);
        }

        if (await HeldForAsync(subscription, abandon) is { } held)
        {
            return held;
        }

        var most = LaneRoom.Of(limits, _health.Known, _sender.InFlight);
        if (most == 0)
        {
            return Poll;
        }

        if (await ReadAsync(limits, abandon) is not { } backlog)
        {
            _news.Lose();
            return TimeSpan.Zero;
        }

        if (backlog.Ahead == 0)
        {
            _sender.Rest();
            return Rest(subscription, backlog);
        }

        var room = pace.Room(Now, Math.Min(most, backlog.Ahead));
        return room == 0 ? pace.Wait(Now) - LanePace.Ahead : await StartAsync(backlog, room, subscription, abandon);
    }

    private bool IsNeeded(Subscription subscription) => LaneNeed.Of(subscription) is not null || _health.NeedsLane(subscription);

    /// <summary>Null: the receiver may be sent something.</summary>
    private async Task<TimeSpan?> HeldForAsync(Subscription subscription, CancellationToken abandon) =>
        await _health.ClosedForAsync(subscription, abandon) is var closedFor && closedFor > TimeSpan.Zero ? Hold(closedFor < Poll ? closedFor : Poll) : null;

    /// <summary>Nothing is sent for a while; what came meanwhile is read afterwards.</summary>
    private TimeSpan Hold(TimeSpan wait)
    {
        _news.AskToRead();
        _closing.PutOff();
        return wait;
    }

    /// <summary>What may be started next. Null: the lane is not this dispatcher's any more.</summary>
    private async Task<ILaneBacklog?> ReadAsync(LaneLimits limits, CancellationToken abandon)
    {
        var backlog = _ahead.Of(limits);
        if (_news.IsToRead || Now - _doubtedAt >= Poll)
        {
            _news.Read();
            _doubtedAt = Now;
            backlog.Doubt();
        }

        return !backlog.NeedsReading || await backlog.ReadAsync(Lane, _tools.Work, abandon) ? backlog : null;
    }

    private async Task<TimeSpan> StartAsync(ILaneBacklog backlog, int room, Subscription subscription, CancellationToken abandon)
    {
        var given = _tools.Slots.Take(Lane.SubscriptionId, room, _news.Wake);
        if (given == 0)
        {
            return Poll;
        }

        var entries = _health.Known.State == HealthState.Open ? _probes.Take(backlog) : backlog.Take(given);
        if (entries.Exists(entry => entry.WaitsFor < -LaneClosing.Behind))
        {
            _closing.PutOff();
        }

        await _sender.StartAsync(entries, given, subscription, abandon);
        return TimeSpan.Zero;
    }

    /// <summary>Nothing is due that is not in hand. A lane that keeps up so well, and that nothing has needed for a while, is closed.</summary>
    private TimeSpan Rest(Subscription subscription, ILaneBacklog backlog)
    {
        var untilDoubt = Poll - (Now - _doubtedAt);
        var until = backlog.UntilNext is { } next && next < untilDoubt ? next : untilDoubt;
        if (IsNeeded(subscription))
        {
            _closing.PutOff();
            return until;
        }

        var left = _closing.Rest(Now);
        return left < until ? left : until;
    }

    /// <summary>
    /// Starts nothing more until all that is in hand has ended, and then closes: what came meanwhile is left to the due-poller.
    /// A receiver that keeps some of it for longer keeps nothing else waiting: the lane is served on, and closed another time.
    /// </summary>
    private async Task<TimeSpan> CloseAsync(Subscription subscription, CancellationToken abandon)
    {
        var wait = _closing.Wait(Now);
        if (!IsNeeded(subscription) && _ahead.InHand > 0 && wait > TimeSpan.Zero)
        {
            return wait;
        }

        // What was in hand may have been answered meanwhile, by a receiver that is now in need of the lane. Asked before that is judged.
        if (await HeldForAsync(subscription, abandon) is { } held)
        {
            return held;
        }

        _isClosed = !IsNeeded(subscription) && _ahead.InHand == 0 && await _tools.Work.CloseAsync(Lane, subscription.ConfigVersion, abandon);
        return Hold(TimeSpan.Zero);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Serving the lane of subscription sub_{SubscriptionId:N} failed by a fault of our own and is tried again in {Seconds} s")]
        public static partial void Failed(ILogger logger, Exception fault, Guid subscriptionId, double seconds);
    }
}
