using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Starting;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// One turn of a lane's loop, by one configuration of its subscription: what was counted by that is started under that, or not at
/// all. The first of these that holds:
/// <code>
/// what is so                        what is done                                 until the next turn, at most
/// the closing has begun             nothing starts; the lane is closed when      a second for what is in hand; if it
///                                   nothing is in hand, and not needed again     stays open then: the rows below
/// the subscription is paused        nothing is read; the closing is put off      a day
/// the receiver is to be left alone  the closing is put off                       its time; 10 s
/// all is in flight that may be      -                                            10 s
/// the lane is somebody else's       the serving ends                             -
/// nothing may go now                the pace rests; the closing is put off if    something is due, or the closing
///                                   the lane is needed, else it comes nearer     begins; 10 s
/// the pace has no room              -                                            100 ms before the next send's moment
/// no slot is free                   -                                            10 s
/// else                              some are taken, their rows looked at, each   none
///                                   is started at its moment
/// </code>
/// News begins the next turn at once (<see cref="LaneNews"/>): an attempt has ended, a slot is free, deliveries came, the subscription
/// was changed. There is no turn while the lease is overdue, nor before the subscription is known (<see cref="LaneServing"/>).
/// Who answers, in this order: <see cref="LaneClosing"/>, <see cref="LaneLimits"/>, <see cref="LaneHealth"/>, <see cref="LaneRoom"/>,
/// <see cref="ReadAhead"/>, <see cref="LanePace"/>, <see cref="LaneSlots"/>. What is sent to see whether a receiver is back is chosen
/// by <see cref="LaneProbes"/>; <see cref="LaneSender"/> looks and starts.
/// </summary>
internal sealed class LaneTurn(ServingParts parts, Subscription subscription)
{
    /// <summary>
    /// News comes by itself. What was lost of it is made up for: what was read is doubted after this time.
    /// </summary>
    public static readonly TimeSpan DoubtAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Forever = TimeSpan.FromDays(1);

    private readonly LaneLimits _limits = LaneLimits.Of(subscription);

    private TimeSpan Now => parts.Sender.Now;

    private bool IsNeeded => LaneNeed.Of(subscription) is not null || parts.Health.NeedsLane(subscription);

    /// <summary>Starts what may be started now.</summary>
    public async Task<TurnEnd> RunAsync(CancellationToken abandon)
    {
        if (parts.Closing.HasBegun)
        {
            return await CloseAsync(abandon);
        }

        var pace = parts.Sender.PaceAt(_limits);
        if (_limits.IsPaused)
        {
            // Nothing is even read: a million of deliveries that wait cost nothing.
            return Hold(Forever);
        }

        if (await HeldForAsync(abandon) is { } held)
        {
            return held;
        }

        var most = LaneRoom.Of(_limits, parts.Health.Known, parts.Entries.InFlight);
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
            parts.Sender.NothingWaits();
            return WaitForMore(backlog);
        }

        var room = pace.Room(Now, Math.Min(most, backlog.Ready));
        return room == 0 ? new TurnEnd.Wait(pace.Wait(Now) - LanePace.Preparation) : await StartAsync(backlog, room, abandon);
    }

    /// <summary>Null: the receiver may be sent something.</summary>
    private async Task<TurnEnd?> HeldForAsync(CancellationToken abandon) =>
        await parts.Health.ClosedForAsync(subscription, abandon) is var closedFor && closedFor > TimeSpan.Zero
            ? Hold(closedFor < DoubtAfter ? closedFor : DoubtAfter)
            : null;

    /// <summary>Nothing is sent for a while; what came meanwhile is read afterwards.</summary>
    private TurnEnd.Wait Hold(TimeSpan wait)
    {
        parts.News.AskToRead();
        parts.Closing.PutOff();
        return new TurnEnd.Wait(wait);
    }

    /// <summary>What may be started next. Null: the lane is not this dispatcher's any more.</summary>
    private async Task<ILaneBacklog?> ReadAsync(CancellationToken abandon)
    {
        var backlog = parts.Ahead.Of(_limits);
        if (parts.News.IsToRead || Now - parts.DoubtedAt >= DoubtAfter)
        {
            parts.News.Read();
            parts.DoubtedAt = Now;
            backlog.Doubt();
        }

        return !backlog.NeedsReading || await backlog.ReadAsync(parts.Lane, parts.Tools.Reads, abandon) ? backlog : null;
    }

    private async Task<TurnEnd> StartAsync(ILaneBacklog backlog, int room, CancellationToken abandon)
    {
        var given = parts.Tools.Slots.Take(parts.Lane.SubscriptionId, subscription.TenantId, room, parts.News.Wake);
        if (given == 0)
        {
            return new TurnEnd.Wait(DoubtAfter);
        }

        var entries = parts.Health.Known.State == HealthState.Open ? parts.Probes.Take(backlog) : backlog.Take(given);
        if (entries.Exists(entry => entry.WaitsFor < -LaneClosing.Behind))
        {
            parts.Closing.PutOff();
        }

        await parts.Sender.StartAsync(entries, given, subscription, abandon);
        return TurnEnd.AtOnce;
    }

    /// <summary>
    /// Nothing is due that is not in hand. A lane that keeps up so well, and that nothing has needed for a while, is closed.
    /// </summary>
    private TurnEnd.Wait WaitForMore(ILaneBacklog backlog)
    {
        var untilDoubt = DoubtAfter - (Now - parts.DoubtedAt);
        var until = backlog.UntilNext is { } next && next < untilDoubt ? next : untilDoubt;
        if (IsNeeded)
        {
            parts.Closing.PutOff();
            return new TurnEnd.Wait(until);
        }

        var open = parts.Closing.StaysOpenFor(Now);
        return new TurnEnd.Wait(open < until ? open : until);
    }

    /// <summary>
    /// Starts nothing more until all that is in hand has ended, and then closes: what came meanwhile is left to the due-poller.
    /// A receiver that keeps some of it for longer keeps nothing else waiting: the lane is served on, and closed another time.
    /// </summary>
    private async Task<TurnEnd> CloseAsync(CancellationToken abandon)
    {
        var wait = parts.Closing.Wait(Now);
        if (!IsNeeded && parts.Ahead.InHand > 0 && wait > TimeSpan.Zero)
        {
            return new TurnEnd.Wait(wait);
        }

        // What was in hand may have been answered meanwhile, by a receiver that is now in need of the lane. Asked before that is judged.
        if (await HeldForAsync(abandon) is { } held)
        {
            return held;
        }

        return !IsNeeded && parts.Ahead.InHand == 0 && await parts.Tools.Exit.CloseAsync(parts.Lane, subscription.ConfigVersion, abandon)
            ? new TurnEnd.Closed()
            : Hold(TimeSpan.Zero);
    }
}
