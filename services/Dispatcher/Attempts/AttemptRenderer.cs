using System.Collections.Concurrent;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>Turns a delivery into the request of its next attempt, by the revision that it is pinned to.</summary>
internal sealed class AttemptRenderer(RequestRenderer requests, SubscriptionStore store, DatabaseGate database)
{
    private const int RememberedRevisions = 1_000;

    private readonly ConcurrentDictionary<(Guid, int), SubscriptionSettings> _oldRevisions = new();

    /// <param name="delivery">Whose attempt it is.</param>
    /// <param name="subscription">As it is now.</param>
    /// <param name="startsAt">When the attempt starts.</param>
    /// <param name="traceparent">Sent where the revision says so; null: there is no trace.</param>
    /// <exception cref="RenderException">It cannot be made.</exception>
    public async ValueTask<SendRequest> RenderAsync(
        DeliveryRow delivery, Subscription subscription, DateTimeOffset startsAt, string? traceparent, CancellationToken cancellationToken)
    {
        var pinned = delivery.Revision == subscription.Revision
            ? subscription.Settings
            : await OldRevisionAsync(delivery.SubscriptionId, delivery.Revision, cancellationToken) ?? subscription.Settings;
        var request = SendRequest.Of(requests.Render(pinned, subscription, delivery.Event, startsAt));

        // No header of the subscription's own has this name.
        return pinned.SendTraceparent && traceparent is not null
            ? request with { Headers = [.. request.Headers, new("traceparent", traceparent)] }
            : request;
    }

    private async ValueTask<SubscriptionSettings?> OldRevisionAsync(Guid subscriptionId, int revision, CancellationToken cancellationToken)
    {
        if (_oldRevisions.TryGetValue((subscriptionId, revision), out var known))
        {
            return known;
        }

        var settings = await database.RunAsync(token => store.FindRevisionAsync(subscriptionId, revision, token), cancellationToken);
        if (settings is not null)
        {
            if (_oldRevisions.Count >= RememberedRevisions)
            {
                _oldRevisions.Clear();
            }

            _oldRevisions[(subscriptionId, revision)] = settings;
        }

        return settings;
    }
}
