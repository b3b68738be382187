using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>
/// Opens whatever lanes anybody in this process wants open, all that have come up meanwhile in one transaction. When a network is down,
/// hundreds are wanted at the same moment, and all of them wait for the same row, the configuration's version: each by itself they
/// would have all connections, and whoever else needs one would take that for an outage.
/// </summary>
internal sealed class LaneOpenings(LaneOpeningStore store, DatabaseGate database, TimeProvider clock)
{
    private const int GroupLimit = 500;

    // How soon it is tried again while somebody holds the subscription.
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(100);

    private readonly StatementGroups<WantedLane, bool> _groups = new(
        async (wanted, token) =>
        {
            var busy = (await store.OpenAsync(wanted, token)).Busy;
            return [.. wanted.Select(lane => !busy.Contains(lane.SubscriptionId))];
        },
        database, GroupLimit);

    /// <summary>Completes when it is open, whoever opened it. Waits as long as the database is away.</summary>
    public async Task OpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken stop)
    {
        while (!await TryOpenAsync(subscriptionId, reason, stop))
        {
            await Task.Delay(BusyPause, clock, stop);
        }
    }

    /// <summary>True: it is open. False: somebody holds the subscription.</summary>
    public Task<bool> TryOpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken stop) =>
        _groups.AddAsync(new WantedLane(subscriptionId, reason), stop);
}
