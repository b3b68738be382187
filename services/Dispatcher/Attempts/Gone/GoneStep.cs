using System.Collections.Concurrent;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Attempts.Gone;

/// <summary>
/// Disables a subscription after the record of an attempt that a message asked for. The message stays in hand until that is done, and so
/// reminds of it should its process die.
/// </summary>
internal sealed class GoneStep(GoneSubscriptions subscriptions, AttemptStore attempts, DatabaseGate database)
{
    private readonly ConcurrentDictionary<(Guid SubscriptionId, string Url, DateTimeOffset? StoppedUntil), bool> _underWay = new();

    /// <summary>Completes when the message may go.</summary>
    /// <param name="delivery">Whose receiver is gone.</param>
    /// <param name="url">Where it was.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async Task CarryOutAsync(DeliveryRow delivery, string url, CancellationToken stop)
    {
        // One message of a subscription reminds as well as all do that say the same of it. If all stayed in hand while somebody holds its
        // row, there would soon be room for nobody's.
        var said = (delivery.SubscriptionId, url, subscriptions.StoppedUntil(delivery));
        if (subscriptions.IsDisabled(delivery) || !_underWay.TryAdd(said, true))
        {
            return;
        }

        try
        {
            await subscriptions.DisableAsync(delivery, url, claim: (_, _) => Task.FromResult(true), inDoubt: () => { }, stop);
        }
        finally
        {
            _underWay.TryRemove(said, out _);
        }
    }

    /// <summary>The same for an attempt that ended its delivery, and whose recorder may have died.</summary>
    public async Task FinishAsync(DeliveryRow delivery, int number, CancellationToken stop)
    {
        if (await database.RunAsync(token => attempts.FindGoneAsync(delivery, number, token), stop) is { } url)
        {
            await CarryOutAsync(delivery, url, stop);
        }
    }
}
