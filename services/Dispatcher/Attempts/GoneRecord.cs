using Webhooks.Database.Auditing;
using Webhooks.Database.Faults;
using Webhooks.Sending.Shares;
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

    // All that a lane had on the wire may be answered 410 at once, and each of these answers needs the subscription's row. If they
    // waited for it side by side, each with a connection, other work would find none. Two, so that a tenant whose subscription is held
    // by somebody leaves one to others.
    private readonly TenantTurns _turns = new(atOnce: 2);

    /// <summary>What one transaction came to.</summary>
    /// <param name="Claimed">False: somebody else had recorded the attempt before.</param>
    /// <param name="ConfigVersion">The subscription's.</param>
    private readonly record struct Recorded(bool Claimed, long ConfigVersion);

    /// <summary>Completes once both are on disk; false when somebody else had recorded the attempt before. Waits as long as the database is away.</summary>
    /// <param name="attempt">Not recorded.</param>
    /// <param name="record">Records it as any other, when there is nothing to disable any more.</param>
    /// <param name="stop">Ends the waiting, unrecorded.</param>
    public async Task<bool> RecordAsync(FinishedAttempt attempt, Func<FinishedAttempt, Task<bool>> record, CancellationToken stop)
    {
        var isInDoubt = false;
        Recorded? recorded;
        using (await _turns.TakeAsync(attempt.Delivery.Event.TenantId, stop))
        {
            recorded = await database.RunAsync(token => TryRecordAsync(attempt, token), () => isInDoubt = true, stop);
        }

        // Both of these without a connection in hand: each takes one for itself.
        var claimed = recorded?.Claimed ?? await record(attempt);
        if (recorded is { ConfigVersion: var version })
        {
            // So that what is prepared already is not sent either.
            await database.RunAsync(token => cache.AtLeastAsync(version, token).AsTask(), stop);
        }

        // As with other attempts: the answer to the commit of an earlier try may have been lost.
        return claimed || isInDoubt;
    }

    /// <summary>Null: the subscription is disabled already, or deleted.</summary>
    private async Task<Recorded?> TryRecordAsync(FinishedAttempt attempt, CancellationToken cancellationToken)
    {
        // Locks the subscription before the delivery, as a closing of the lane does. Until the commit nobody sees it disabled, so that
        // the canceler does not come first.
        await using var change = await subscriptions.BeginChangeAsync(attempt.Delivery.SubscriptionId, tenantId: null, cancellationToken);
        if (change is null or { Current.State: SubscriptionState.Disabled })
        {
            return null;
        }

        var (claimed, _) = await attempts.AddAsync(change.Connection, [attempt], cancellationToken);
        if (!claimed[0])
        {
            return new Recorded(Claimed: false, change.Current.ConfigVersion);
        }

        var saved = await change.SaveAsync(change.Current with { State = SubscriptionState.Disabled, DisabledReason = Reason }, Actor.System, cancellationToken);
        return new Recorded(Claimed: true, saved.ConfigVersion);
    }
}
