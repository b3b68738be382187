using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Leases;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// Serves one lane that this dispatcher holds, from the taking until it is freed, closed or lost: one <see cref="LaneTurn"/> after the
/// other, each by the subscription as it is then.
/// </summary>
internal sealed class LaneServing(HeldLane lane, LaneTools tools, ILogger logger)
{
    /// <summary>After a fault of our own.</summary>
    public static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);

    private readonly ServingParts _parts = new(lane, tools, logger);

    public HeldLane Lane => lane;

    /// <summary>
    /// Somebody else may have it. A lease that is only overdue may be renewed yet: nothing is started until then.
    /// </summary>
    private bool IsLost => _parts.News.IsLost || tools.Lease.Id != lane.LeaseId;

    /// <summary>There may be new deliveries, or the subscription has changed.</summary>
    public void Tell()
    {
        _parts.News.AskToRead();
        _parts.Health.Doubt();
        _parts.News.Wake();
    }

    /// <summary>Starts nothing more, and frees the lane as soon as nothing is in flight.</summary>
    public void HandOver() => _parts.News.HandOver();

    /// <summary>It is not this dispatcher's any more.</summary>
    public void Lose() => _parts.News.Lose();

    /// <summary>
    /// Ends when the lane is freed, closed or lost. What is in flight when it is lost is still recorded.
    /// </summary>
    /// <param name="abandon">The shutdown ran out of time: what is in flight is left to others.</param>
    public async Task RunAsync(CancellationToken abandon)
    {
        TurnEnd end = TurnEnd.AtOnce;
        while (end is TurnEnd.Wait && !IsLost && !_parts.News.IsToHandOver)
        {
            end = await TurnOrPauseAsync(abandon);
            tools.Slots.PassOn(lane.SubscriptionId);
            if (end is TurnEnd.Wait wait)
            {
                await _parts.News.WaitAsync(wait.AtMost);
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
        while (!IsLost && _parts.Ahead.InHand > 0)
        {
            await _parts.News.WaitAsync(LaneTurn.DoubtAfter);
        }

        if (!IsLost)
        {
            await tools.Exit.FreeAsync(lane, _parts.Sender.Wait, abandon);
        }
    }

    private async Task<TurnEnd> TurnOrPauseAsync(CancellationToken abandon)
    {
        try
        {
            return tools.Lease.Covers(lane.LeaseId) && tools.Subscriptions.Current.ById.TryGetValue(lane.SubscriptionId, out var subscription)
                ? await new LaneTurn(_parts, subscription).RunAsync(abandon)
                : new TurnEnd.Wait(Lease.Beat);
        }
        catch (Exception fault) when (!abandon.IsCancellationRequested)
        {
            // The edge of the lane's work: nothing that it stumbles over may leave it unserved.
            LaneLog.ServingFailed(logger, fault, lane.SubscriptionId, FaultPause.TotalSeconds);
            _parts.News.AskToRead();
            _parts.Health.Outdate();
            return new TurnEnd.Wait(FaultPause);
        }
    }
}
