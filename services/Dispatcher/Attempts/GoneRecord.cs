using Webhooks.Database.Auditing;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>
/// Records the attempt by which the receiver of a lane said that it is gone, and disables the subscription, in one transaction. One
/// after the other will not do: in a lane no message comes back to remind of the disabling when its process died in between, and
/// a disabling that comes first cancels the very delivery that is to be failed.
/// </summary>
internal sealed class GoneRecord(AttemptStore attempts, SubscriptionStore subscriptions, SubscriptionCache cache, DatabaseGate database)
{
    private const string Reason = "gone";

    /// <summary>Completes once both are on disk; false when somebody else had recorded the attempt before. Waits as long as the database is away.</summary>
    public async Task<bool> RecordAsync(FinishedAttempt attempt, CancellationToken stop)
    {
        var tries = 0;
        var claimed = await database.RunAsync(
            token =>
            {
                tries++;
                return TryRecordAsync(attempt, token);
            },
            stop);
        // As with other attempts: the answer to the commit of an earlier try may have been lost.
        return claimed || tries > 1;
    }

    private async Task<bool> TryRecordAsync(FinishedAttempt attempt, CancellationToken cancellationToken)
    {
        // The subscription before the delivery, as whoever closes its lane has it. Until the commit it stays as it is, so that the
        // canceler finds nothing to do.
        await using var change = await subscriptions.BeginChangeAsync(attempt.Delivery.SubscriptionId, tenantId: null, cancellationToken);
        if (change is null or { Current.State: SubscriptionState.Disabled })
        {
            return (await attempts.RecordAsync([attempt], cancellationToken))[0];
        }

        var (claimed, _) = await attempts.AddAsync(change.Connection, [attempt], cancellationToken);
        if (!claimed[0])
        {
            return false;
        }

        var saved = await change.SaveAsync(change.Current with { State = SubscriptionState.Disabled, DisabledReason = Reason }, Actor.System, cancellationToken);
        // What is prepared already knows of it, too.
        await cache.AtLeastAsync(saved.ConfigVersion, cancellationToken);
        return true;
    }
}
