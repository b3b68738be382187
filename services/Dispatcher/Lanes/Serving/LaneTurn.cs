using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Starting;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// One turn of a lane's loop, by one configuration of its subscription: what was counted by that is started under that, or not at
/// all. It asks, in this order: may anything be sent (<see cref="LaneHealth"/>), how many (<see cref="LaneRoom"/>,
/// <see cref="LanePace"/>, <see cref="LaneSlots"/>), which (<see cref="ReadAhead"/>, <see cref="LaneProbes"/>); and has them
/// started (<see cref="LaneSender"/>), or, when there are none for a while, closes the lane (<see cref="LaneClosing"/>).
/// </summary>
internal sealed class LaneTurn(LaneState state, Subscription subscription)
{
    /// <summary>
    /// News come by themselves. Those that were lost are made up for: what was read is doubted after this time.
    /// </summary>
    public static readonly TimeSpan DoubtAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    private readonly LaneLimits _limits = LaneLimits.Of(subscription);

    private TimeSpan Now => state.Sender.Now;

    private bool IsNeeded => LaneNeed.Of(subscription) is not null || state.Health.NeedsLane(subscription);

    /// <summary>Starts what may be started now.</summary>
    public async Task<TurnEnd> RunAsync(CancellationToken abandon)
    {
        if (state.Closing.HasBegun)
        {
            return await CloseAsync(abandon);
        }

        var pace = state.Sender.PaceAt(_limits);
        if (_limits.IsPaused)
        {
            // Nothing is even read: a million of deliveries that wait cost nothing.
            return Hold(Forever);
        }

        if (await HeldForAsync(abandon) is { } held)
        {
            return held;
        }

        var most = LaneRoom.Of(_limits, state.Health.Known, state.Entries.InFlight);
        if (most == 0)
        {
            return new TurnEnd.Wait(DoubtAfter);
        }

        if (await ReadAsync(abandon) is not { } backlog)
        {
            return new TurnEnd.Lost();
        }

        if (backlog.Ready == 0)
        {
            state.Sender.NothingWaits();
            return WaitForMore(backlog);
        }

        var room = pace.Room(Now, Math.Min(most, backlog.Ready));
        return room == 0 ? new TurnEnd.Wait(pace.Wait(Now) - LanePace.Preparation) : await StartAsync(backlog, room, abandon);
    }

    /// <summary>Null: the receiver may be sent something.</summary>
    private async Task<TurnEnd?> HeldForAsync(CancellationToken abandon) =>
        await state.Health.ClosedForAsync(subscription, abandon) is var closedFor && closedFor > TimeSpan.Zero
            ? Hold(closedFor < DoubtAfter ? closedFor : DoubtAfter)
            : null;

    /// <summary>Nothing is sent for a while; what came meanwhile is read afterwards.</summary>
    private TurnEnd.Wait Hold(TimeSpan wait)
    {
        state.News.AskToRead();
        state.Closing.PutOff();
        return new TurnEnd.Wait(wait);
    }

    /// <summary>What may be started next. Null: the lane is not this dispatcher's any more.</summary>
    private async Task<ILaneBacklog?> ReadAsync(CancellationToken abandon)
    {
        var backlog = state.Ahead.Of(_limits);
        if (state.News.IsToRead || Now - state.DoubtedAt >= DoubtAfter)
        {
            state.News.Read();
            state.DoubtedAt = Now;
            backlog.Doubt();
        }

        return !backlog.NeedsReading || await backlog.ReadAsync(state.Lane, state.Tools.Reads, abandon) ? backlog : null;
    }

    private async Task<TurnEnd> StartAsync(ILaneBacklog backlog, int room, CancellationToken abandon)
    {
        var given = state.Tools.Slots.Take(state.Lane.SubscriptionId, room, state.News.Wake);
        if (given == 0)
        {
            return new TurnEnd.Wait(DoubtAfter);
        }

        var entries = state.Health.Known.State == HealthState.Open ? state.Probes.Take(backlog) : backlog.Take(given);
        if (entries.Exists(entry => entry.WaitsFor < -LaneClosing.Behind))
        {
            state.Closing.PutOff();
        }

        await state.Sender.StartAsync(entries, given, subscription, abandon);
        return TurnEnd.AtOnce;
    }

    /// <summary>
    /// Nothing is due that is not in hand. A lane that keeps up so well, and that nothing has needed for a while, is closed.
    /// </summary>
    private TurnEnd.Wait WaitForMore(ILaneBacklog backlog)
    {
        var untilDoubt = DoubtAfter - (Now - state.DoubtedAt);
        var until = backlog.UntilNext is { } next && next < untilDoubt ? next : untilDoubt;
        if (IsNeeded)
        {
            state.Closing.PutOff();
            return new TurnEnd.Wait(until);
        }

        var open = state.Closing.StaysOpenFor(Now);
        return new TurnEnd.Wait(open < until ? open : until);
    }

    /// <summary>
    /// Starts nothing more until all that is in hand has ended, and then closes: what came meanwhile is left to the due-poller.
    /// A receiver that keeps some of it for longer keeps nothing else waiting: the lane is served on, and closed another time.
    /// </summary>
    private async Task<TurnEnd> CloseAsync(CancellationToken abandon)
    {
        var wait = state.Closing.Wait(Now);
        if (!IsNeeded && state.Ahead.InHand > 0 && wait > TimeSpan.Zero)
        {
            return new TurnEnd.Wait(wait);
        }

        // What was in hand may have been answered meanwhile, by a receiver that is now in need of the lane. Asked before that is judged.
        if (await HeldForAsync(abandon) is { } held)
        {
            return held;
        }

        return !IsNeeded && state.Ahead.InHand == 0 && await state.Tools.Exit.CloseAsync(state.Lane, subscription.ConfigVersion, abandon)
            ? new TurnEnd.Closed()
            : Hold(TimeSpan.Zero);
    }
}
