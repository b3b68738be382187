using System.Collections.Concurrent;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Deliveries.Reading;

/// <summary>The settings of revisions that are not their subscriptions' present ones, for the deliveries that are pinned to them.</summary>
internal sealed class OldRevisions(SubscriptionStore store)
{
    private const int Remembered = 10_000;

    private readonly ConcurrentDictionary<(Guid, int), SubscriptionSettings> _known = new();

    /// <summary>
    /// The delivery with what it is pinned to. What cannot be read, because it names what this version does not know, is the fault of
    /// this delivery's attempt, and of none that was looked at with it.
    /// </summary>
    public async Task<DeliveryRow> PinAsync(DeliveryRow delivery, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync((delivery.SubscriptionId, delivery.Revision), cancellationToken) is { } settings
                ? delivery with { Pinned = Task.FromResult(settings) }
                : delivery;
        }
        catch (Exception fault) when (!DatabaseFault.IsOurs(fault) && !DatabaseFault.IsOfTheSchema(fault) && !cancellationToken.IsCancellationRequested)
        {
            return delivery with { Pinned = Task.FromException<SubscriptionSettings>(fault) };
        }
    }

    private async ValueTask<SubscriptionSettings?> FindAsync((Guid SubscriptionId, int Revision) key, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        var settings = await store.FindRevisionAsync(key.SubscriptionId, key.Revision, cancellationToken);
        if (settings is not null)
        {
            if (_known.Count >= Remembered)
            {
                _known.Clear();
            }

            _known[key] = settings;
        }

        return settings;
    }
}
