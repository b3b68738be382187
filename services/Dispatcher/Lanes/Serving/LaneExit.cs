using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>The ways by which a holder leaves its lane. Few at a time: a closing may wait for others with its connection.</summary>
internal sealed class LaneExit(LaneStore lanes, LaneClosingStore closing, SubscriptionCache subscriptions, DatabaseGate database)
{
    private readonly StatementTurns _turns = new(atOnce: 4, subscriptions, database);

    /// <summary>As <see cref="LaneStore.FreeAsync"/> does.</summary>
    public Task FreeAsync(HeldLane lane, TimeSpan? left, CancellationToken stop) => _turns.RunAsync(
        lane,
        async token =>
        {
            await lanes.FreeAsync(lane, left, token);
            return true;
        },
        stop);

    /// <summary>
    /// As <see cref="LaneClosingStore.CloseAsync"/> does. Should the answer to its commit be lost, the lane is found to be nobody's at
    /// the next look.
    /// </summary>
    public Task<bool> CloseAsync(HeldLane lane, long decidedOn, CancellationToken stop) =>
        _turns.RunAsync(lane, token => closing.CloseAsync(lane, decidedOn, token), stop);
}
