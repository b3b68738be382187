using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Leaves next attempts to the due-poller, many in one statement: a broker that fails fails for many deliveries at once.</summary>
internal sealed class HandOver(DeliveryStore store, DatabaseGate database)
{
    private const int GroupLimit = 1_000;

    private readonly StatementGroups<Handed, bool> _groups = new(
        async (group, token) =>
        {
            await store.HandToPollerAsync(group, token);
            return new bool[group.Count];
        },
        database, GroupLimit);

    /// <summary>Completes when the row announces the attempt after <paramref name="lastAttempt"/>. Waits as long as the database is away.</summary>
    public Task ToPollerAsync(DeliveryRow delivery, int lastAttempt, CancellationToken stop) =>
        _groups.AddAsync(new Handed(delivery.Id, delivery.CreatedAt, lastAttempt), stop);
}
