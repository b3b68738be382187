using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>
/// Opens whatever lanes anybody in this process wants open, all that have come up meanwhile in one transaction. When a network is down,
/// hundreds are wanted at the same moment, and all of them wait for the same row, the configuration's version: each by itself they
/// would have all connections, and whoever else needs one would take that for an outage.
/// </summary>
internal sealed class LaneOpenings(LaneOpeningStore store, DatabaseGate database)
{
    private const int GroupLimit = 500;

    private readonly StatementGroups<WantedLane, bool> _groups = new(
        async (wanted, token) =>
        {
            await store.OpenAsync(wanted, token);
            return new bool[wanted.Count];
        },
        database, GroupLimit);

    /// <summary>Completes when it is open, whoever opened it. Waits as long as the database is away.</summary>
    public Task OpenAsync(Guid subscriptionId, LaneReason reason, CancellationToken stop) =>
        _groups.AddAsync(new WantedLane(subscriptionId, reason), stop);
}
