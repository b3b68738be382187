using Webhooks.Database.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>
/// Cancels deliveries that were looked at and whose subscriptions take nothing any more, many in one statement: who deletes a
/// subscription with a large backlog ends thousands at once, and one by one they would wait, on all connections, for the rows that the
/// <see cref="Canceler"/> is at.
/// </summary>
internal sealed class Cancels(CancelStore store, DatabaseGate database)
{
    private const int GroupLimit = 1_000;

    private readonly StatementGroups<DeliveryKey, bool> _groups = new(
        async (group, token) =>
        {
            await store.CancelAsync(group, token);
            return new bool[group.Count];
        },
        database, GroupLimit);

    /// <summary>Completes when it does not wait any more. Waits as long as the database is away.</summary>
    public Task CancelAsync(DeliveryRow delivery, CancellationToken stop) => _groups.AddAsync(new DeliveryKey(delivery.CreatedAt, delivery.Id), stop);
}
