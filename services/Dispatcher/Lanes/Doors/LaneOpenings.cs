using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>
/// Opens whatever lanes anybody in this process wants open, all that have come up meanwhile in one transaction. When a network is down,
/// hundreds are wanted at the same moment, and all of them wait for the same row, the configuration's version: each by itself they
/// would have all connections, and whoever else needs one would take that for an outage.
/// </summary>
internal sealed partial class LaneOpenings(LaneOpeningStore store, DatabaseGate database, TimeProvider clock, ILogger<LaneOpenings> logger)
{
    private const int GroupLimit = 500;

    // How soon it is tried again while somebody holds the subscription.
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, LaneOpening> _underWay = new();

    private readonly StatementGroups<WantedLane, bool> _groups = new(
        async (wanted, token) =>
        {
            var busy = (await store.OpenAsync(wanted, token)).Busy;
            return [.. wanted.Select(lane => !busy.Contains(lane.SubscriptionId))];
        },
        database, GroupLimit);

    /// <summary>Begins to open it, unless that has been begun. It goes on until the lane is open, whoever opens it, and while the database is away.</summary>
    public LaneOpening Begin(Guid subscriptionId, LaneReason reason)
    {
        var begun = new LaneOpening(clock);
        var opening = _underWay.GetOrAdd(subscriptionId, begun);
        if (opening == begun)
        {
            _ = OpenAsync(begun, subscriptionId, reason);
        }

        return opening;
    }

    /// <summary>Null: nobody here is opening it.</summary>
    public LaneOpening? Find(Guid subscriptionId) => _underWay.GetValueOrDefault(subscriptionId);

    /// <summary>True: it is open. False: somebody holds the subscription.</summary>
    public Task<bool> TryOpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken stop) =>
        _groups.AddAsync(new WantedLane(subscriptionId, reason), stop);

    private async Task OpenAsync(LaneOpening opening, Guid subscriptionId, LaneReason reason)
    {
        try
        {
            while (!await TryOpenAsync(subscriptionId, reason, CancellationToken.None))
            {
                opening.FoundBusy();
                await Task.Delay(BusyPause, clock);
            }
        }
        catch (Exception fault)
        {
            // Who still needs it begins anew; and the leader finds who must be left alone and has none.
            Log.Failed(logger, subscriptionId, fault.Message);
        }
        finally
        {
            _underWay.TryRemove(subscriptionId, out _);
            opening.End();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The lane of subscription sub_{SubscriptionId:N} could not be opened: {Reason}")]
        public static partial void Failed(ILogger logger, Guid subscriptionId, string reason);
    }
}
