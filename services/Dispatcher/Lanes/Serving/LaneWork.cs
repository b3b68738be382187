using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Topology;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Dispatcher.Parking;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>What one look at entries' rows found, under the configuration of that moment.</summary>
internal readonly record struct LaneLooked(IReadOnlyDictionary<Guid, DeliveryRow> Rows, Subscription? Subscription);

/// <summary>What a lane does to its deliveries: find, look, attempt, cancel. An attempt goes the same way as one that a message asked for.</summary>
internal sealed class LaneWork(
    LaneStore lanes, HeadStore heads, LaneDoor door, DeliveryStore deliveries, SubscriptionCache subscriptions, DatabaseGate database, InFlight inFlight, AttemptRunner attempts,
    HealthStore health, DeliveryParking parking) : IDisposable
{
    // All lanes together: those who wait for a connection longer than it may take would be taken for an outage.
    private readonly SemaphoreSlim _reading = new(8);

    // A closing waits for others: reading must not wait for it.
    private readonly SemaphoreSlim _leaving = new(4);

    public void Dispose()
    {
        _reading.Dispose();
        _leaving.Dispose();
    }

    /// <summary>Null: the lane is not this dispatcher's any more. Waits as long as the database is away.</summary>
    public Task<IReadOnlyList<LaneEntry>?> FindFirstAsync(HeldLane lane, int limit, CancellationToken stop) =>
        ReadAsync(token => lanes.FindFirstAsync(lane, limit, token), stop);

    /// <summary>The same in an ordered lane.</summary>
    public Task<FoundHeads?> FindHeadsAsync(HeldLane lane, HeadSearch search, CancellationToken stop) =>
        ReadAsync(token => heads.FindAsync(lane, search, token), stop);

    /// <summary>
    /// True: this process works on it for the lane alone, until <see cref="End"/>. False: a message's work on it runs, and
    /// <paramref name="ended"/> completes with that.
    /// </summary>
    public bool TryBegin(Guid deliveryId, out Task ended) => inFlight.TryBegin(deliveryId, out ended);

    public void End(Guid deliveryId) => inFlight.End(deliveryId);

    /// <summary>Looks at the rows of entries whose work was begun. A change that was answered before the look is honoured by it.</summary>
    public Task<LaneLooked> LookAsync(HeldLane lane, IReadOnlyList<LaneEntry> entries, CancellationToken stop) => ReadAsync(
        async token =>
        {
            var found = await deliveries.LookUpAsync(
                [.. entries.Select(entry => new DeliveryMessage(entry.Id, entry.CreatedAt, Number: 0, entry.CreatedAt, Traceparent: null))], token);
            var config = await subscriptions.AtLeastAsync(found.ConfigVersion, token);
            return new LaneLooked(found.Rows, config.ById.GetValueOrDefault(lane.SubscriptionId));
        },
        stop);

    /// <summary>How the receiver fares, as the whole fleet has found.</summary>
    public Task<EndpointHealth> FindHealthAsync(HeldLane lane, CancellationToken stop) => ReadAsync(token => health.FindAsync(lane.SubscriptionId, token), stop);

    /// <summary>Makes the delivery's next attempt. Null: somebody else had recorded it before.</summary>
    /// <param name="answered">Told what the send came to, before it is recorded.</param>
    public Task<FinishedAttempt?> AttemptAsync(DeliveryRow row, Subscription subscription, Action<SendResult> answered, CancellationToken stop) =>
        attempts.RunAsync(row, row.LastAttempt + 1, subscription, stop, answered: answered);

    public Task CancelAsync(DeliveryRow row, CancellationToken stop) => database.RunAsync(token => deliveries.CancelAsync(row, token), stop);

    /// <summary>Puts it aside, as a message that work fails on is: nothing else in its lane waits for it any more.</summary>
    public async Task ParkAsync(DeliveryRow row, CancellationToken stop)
    {
        await parking.ParkAsync(row, ParkingReason.Poison, $"Work on this delivery failed {BrokerTopology.PoisonCount} times by a fault of our own.", stop);
        await database.RunAsync(
            async token =>
            {
                await lanes.TakeOutAsync(row, token);
                return true;
            },
            stop);
    }

    public Task FreeAsync(HeldLane lane, TimeSpan? left, CancellationToken stop) => RunAsync(
        _leaving,
        async token =>
        {
            await lanes.FreeAsync(lane, left, token);
            return true;
        },
        stop);

    /// <summary>As <see cref="LaneDoor.CloseAsync"/> does. Should the answer to its commit be lost, the lane is found to be nobody's at the next reading.</summary>
    public Task<bool> CloseAsync(HeldLane lane, long decidedOn, CancellationToken stop) =>
        RunAsync(_leaving, token => door.CloseAsync(lane, decidedOn, token), stop);

    private Task<T> ReadAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken stop) => RunAsync(_reading, read, stop);

    private async Task<T> RunAsync<T>(SemaphoreSlim turns, Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        await turns.WaitAsync(stop);
        try
        {
            return await database.RunAsync(work, stop);
        }
        finally
        {
            turns.Release();
        }
    }
}
