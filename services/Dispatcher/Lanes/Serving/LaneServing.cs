using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Leases;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// Serves one lane that this dispatcher holds, from the taking until it is freed, closed or lost: one <see cref="LaneTurn"/> after the
/// other, each by the subscription as it is then.
/// </summary>
internal sealed partial class LaneServing(HeldLane lane, LaneTools tools, ILogger logger)
{
    /// <summary>After a fault of our own.</summary>
    public static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private readonly LaneState _state = new(lane, tools, logger);

    public HeldLane Lane => lane;

    /// <summary>
    /// Somebody else may have it. A lease that is only overdue may be renewed yet: nothing is started until then.
    /// </summary>
    private bool IsLost => _state.News.IsLost || tools.Lease.Id != lane.LeaseId;

    /// <summary>There may be new deliveries, or the subscription has changed.</summary>
    public void Tell()
    {
        _state.News.AskToRead();
        _state.Health.Doubt();
        _state.News.Wake();
    }

    /// <summary>Starts nothing more, and frees the lane as soon as nothing is in flight.</summary>
    public void HandOver() => _state.News.HandOver();

    /// <summary>It is not this dispatcher's any more.</summary>
    public void Lose() => _state.News.Lose();

    /// <summary>
    /// Ends when the lane is freed, closed or lost. What is in flight then, of a lane that was lost, still is recorded.
    /// </summary>
    /// <param name="abandon">The shutdown ran out of time: what is in flight is left to others.</param>
    public async Task RunAsync(CancellationToken abandon)
    {
        TurnEnd end = TurnEnd.AtOnce;
        while (end is TurnEnd.Wait && !IsLost && !_state.News.IsToHandOver)
        {
            end = await TurnOrPauseAsync(abandon);
            tools.Slots.PassOn(lane.SubscriptionId);
            if (end is TurnEnd.Wait wait)
            {
                await _state.News.WaitAsync(wait.AtMost);
            }
        }

        tools.Slots.Leave(lane.SubscriptionId);
        if (end is TurnEnd.Wait)
        {
            await FreeAsync(abandon);
        }
    }

    private async Task FreeAsync(CancellationToken abandon)
    {
        while (!IsLost && _state.Ahead.InHand > 0)
        {
            await _state.News.WaitAsync(LaneTurn.DoubtAfter);
        }

        if (!IsLost)
        {
            await tools.Exit.FreeAsync(lane, _state.Sender.Wait, abandon);
        }
    }

    private async Task<TurnEnd> TurnOrPauseAsync(CancellationToken abandon)
    {
        try
        {
            return tools.Lease.Covers(lane.LeaseId) && tools.Subscriptions.Current.ById.TryGetValue(lane.SubscriptionId, out var subscription)
                ? await new LaneTurn(_state, subscription).RunAsync(abandon)
                : new TurnEnd.Wait(Lease.Beat);
        }
        catch (Exception fault) when (!abandon.IsCancellationRequested)
        {
            // The edge of the lane's work: nothing that it stumbles over may leave it unserved.
            Log.Failed(logger, fault, lane.SubscriptionId, FaultPause.TotalSeconds);
            _state.News.AskToRead();
            _state.Health.Outdate();
            return new TurnEnd.Wait(FaultPause);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "Serving the lane of subscription sub_{SubscriptionId:N} failed by a fault of our own and is tried again in {Seconds} s")]
        public static partial void Failed(ILogger logger, Exception fault, Guid subscriptionId, double seconds);
    }
}
