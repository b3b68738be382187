using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Leaves next attempts to the due-poller, many in one statement: a broker that fails fails for many deliveries at once.</summary>
internal sealed class HandOver(DeliveryStore store, DatabaseGate database)
{
    private const int GroupLimit = 1_000;

    /// <summary>
    /// By how much later the row announces what the broker may have, too. Announced by both for the same moment it would go to two
    /// dispatchers, and be sent twice; so the one that the broker has is recorded by then, which takes the row's announcement back.
    /// </summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromSeconds(5);

    private readonly StatementGroups<Handed, bool> _groups = new(
        async (group, token) =>
        {
            await store.HandToPollerAsync(group, token);
            return new bool[group.Count];
        },
        database, GroupLimit);

    private readonly StatementGroups<PutOff, bool> _putOffs = new(
        async (group, token) =>
        {
            await store.PutOffAsync(group, token);
            return new bool[group.Count];
        },
        database, GroupLimit);

    /// <summary>Completes when the row announces the attempt after <paramref name="lastAttempt"/>. Waits as long as the database is away.</summary>
    /// <param name="delivery">Pending.</param>
    /// <param name="lastAttempt">That was seen.</param>
    /// <param name="isInDoubt">The broker may have the attempt's message.</param>
    /// <param name="stop">Ends the waiting.</param>
    public Task ToPollerAsync(DeliveryRow delivery, int lastAttempt, bool isInDoubt, CancellationToken stop) =>
        _groups.AddAsync(new Handed(delivery.Id, delivery.CreatedAt, lastAttempt, isInDoubt ? Doubt : TimeSpan.Zero), stop);

    /// <summary>The same of an attempt that is due and cannot be made for a while: it is announced again after that.</summary>
    public Task PutOffAsync(DeliveryRow delivery, TimeSpan wait, CancellationToken stop) =>
        _putOffs.AddAsync(new PutOff(delivery.Id, delivery.CreatedAt, delivery.LastAttempt, wait), stop);
}
