using Webhooks.Broker.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Deliveries.Reading;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes.Reading;

/// <summary>What one look at entries' rows found, under the configuration of that moment.</summary>
internal readonly record struct LaneLooked(IReadOnlyDictionary<Guid, DeliveryRow> Rows, Subscription? Subscription);

/// <summary>What all lanes of this process read. Each waits as long as the database is away.</summary>
internal sealed class LaneReads(
    LaneStore lanes, HeadStore heads, DeliveryReads deliveries, HealthStore health, SubscriptionCache subscriptions, DatabaseGate database)
{
    private readonly StatementTurns _turns = new(atOnce: 8, subscriptions, database);

    /// <summary>Null: the lane is not this dispatcher's any more.</summary>
    public Task<IReadOnlyList<LaneEntry>?> FindFirstAsync(HeldLane lane, int limit, CancellationToken stop) =>
        _turns.RunAsync(lane, token => lanes.FindFirstAsync(lane, limit, token), stop);

    /// <summary>The same in an ordered lane.</summary>
    public Task<FoundHeads?> FindHeadsAsync(HeldLane lane, HeadSearch search, CancellationToken stop) =>
        _turns.RunAsync(lane, token => heads.FindAsync(lane, search, token), stop);

    /// <summary>
    /// Looks at the rows of entries whose work was begun. A change that was answered before the look is honoured by it.
    /// </summary>
    public Task<LaneLooked> LookAsync(HeldLane lane, IReadOnlyList<LaneEntry> entries, CancellationToken stop) => _turns.RunAsync(
        lane,
        async token =>
        {
            var looked = await deliveries.LookAsync(
                [.. entries.Select(entry => new DeliveryMessage(entry.Id, entry.CreatedAt, Number: 0, entry.CreatedAt, Traceparent: null))], token);
            return new LaneLooked(looked.Rows, looked.Config.ById.GetValueOrDefault(lane.SubscriptionId));
        },
        stop);

    /// <summary>How the receiver fares, as the whole fleet has found.</summary>
    public Task<EndpointHealth> FindHealthAsync(HeldLane lane, CancellationToken stop) =>
        _turns.RunAsync(lane, token => health.FindAsync(lane.SubscriptionId, token), stop);
}
