using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending.Shares;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Attempts.Gone;

/// <summary>
/// Disables subscriptions whose receivers have said that they are gone. All that was on the wire may be answered 410 at once, each of
/// these answers needs the subscription's row, and somebody may hold that: a change that waits for the broker, an operator as long as he likes.
/// </summary>
internal sealed class GoneSubscriptions(SubscriptionStore store, SubscriptionCache cache, DatabaseGate database, TimeProvider clock)
{
    private const string Reason = "gone";

    // Longer than those need a row who wait for nobody. In the pause the turn is others'.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(500);

    // If they waited for their rows side by side, each with a connection, other work would find none. Two, so that a tenant with many
    // leaves one to others.
    private readonly TenantTurns _turns = new(atOnce: 2);

    /// <summary>What one try came to.</summary>
    /// <param name="IsBusy">Somebody holds what it needs.</param>
    /// <param name="Claimed">Null: there is nothing to disable.</param>
    /// <param name="ConfigVersion">The subscription's.</param>
    private readonly record struct Tried(bool IsBusy, bool? Claimed = null, long ConfigVersion = 0);

    /// <summary>
    /// True: somebody has disabled it since the delivery was looked at. What is known here is never older than that look: if it had been
    /// enabled since, that would be known.
    /// </summary>
    public bool IsDisabled(DeliveryRow delivery) => cache.Current.ById.GetValueOrDefault(delivery.SubscriptionId) is { State: SubscriptionState.Disabled };

    /// <summary>Up to when it was stopped the last time, as far as is known: what was accepted before says nothing of it any more.</summary>
    public DateTimeOffset? StoppedUntil(DeliveryRow delivery) => cache.Current.ById.GetValueOrDefault(delivery.SubscriptionId)?.CancelBefore;

    /// <summary>
    /// Completes once the delivery's subscription is disabled. Null: it was already, or is deleted, or what was said is not of its present
    /// receiver. Otherwise what <paramref name="claim"/> has answered; false: then it is left as it is. Waits as long as the row is held,
    /// and the database away.
    /// </summary>
    /// <param name="delivery">Whose receiver is gone.</param>
    /// <param name="url">Where it was.</param>
    /// <param name="claim">What is written before, in the same transaction.</param>
    /// <param name="inDoubt">An earlier try may have been committed.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async Task<bool?> DisableAsync(
        DeliveryRow delivery, string url, Func<NpgsqlConnection, CancellationToken, Task<bool>> claim, Action inDoubt, CancellationToken stop)
    {
        while (true)
        {
            Tried tried;
            using (await _turns.TakeAsync(delivery.Event.TenantId, stop))
            {
                tried = await database.RunAsync(token => TryAsync(delivery, url, claim, token), inDoubt, stop);
            }

            if (!tried.IsBusy)
            {
                // So that what is prepared already is not sent either. Without a connection in hand: it takes one for itself.
                await database.RunAsync(token => cache.AtLeastAsync(tried.ConfigVersion, token).AsTask(), stop);
                return tried.Claimed;
            }

            await Task.Delay(BusyPause, clock, stop);
        }
    }

    // The row may have been held for long. Since the answer it may have been given another receiver, or been disabled and enabled again.
    private static bool Concerns(DeliveryRow delivery, string url, Subscription current) => current.Settings.Url == url && current.Accepts(delivery.CreatedAt);

    private async Task<Tried> TryAsync(
        DeliveryRow delivery, string url, Func<NpgsqlConnection, CancellationToken, Task<bool>> claim, CancellationToken cancellationToken)
    {
        try
        {
            await using var change = await store.BeginChangeAsync(delivery.SubscriptionId, tenantId: null, Patience, cancellationToken);
            if (change is null || !Concerns(delivery, url, change.Current))
            {
                return new Tried(IsBusy: false);
            }

            if (!await claim(change.Connection, cancellationToken))
            {
                return new Tried(IsBusy: false, Claimed: false, change.Current.ConfigVersion);
            }

            var saved = await change.SaveAsync(change.Current with { State = SubscriptionState.Disabled, DisabledReason = Reason }, Actor.System, cancellationToken);
            return new Tried(IsBusy: false, Claimed: true, saved.ConfigVersion);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // No outage: nothing is written, and others have the turn.
            return new Tried(IsBusy: true);
        }
    }
}
