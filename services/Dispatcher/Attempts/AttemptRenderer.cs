using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>
/// Turns a delivery into the request of its next attempt. The pinned revision fixes body, profile and headers; URL,
/// secret and deadline are the subscription's current ones.
/// </summary>
internal sealed class AttemptRenderer(SubscriptionStore store)
{
    private const int RememberedRevisions = 1_000;

    // Decoding secrets and keying hashes happens once per version of a subscription, and ends with it.
    private readonly ConditionalWeakTable<Subscription, ConcurrentDictionary<(string Profile, int Secrets), RequestSigner>> _signers = [];
    private readonly ConcurrentDictionary<(Guid, int), SubscriptionSettings> _oldRevisions = new();

    public async ValueTask<SendRequest> RenderAsync(
        DeliveryRow delivery, Subscription subscription, DateTimeOffset startsAt, CancellationToken cancellationToken)
    {
        var pinned = delivery.Revision == subscription.Revision
            ? subscription.Settings
            : await OldRevisionAsync(delivery.SubscriptionId, delivery.Revision, cancellationToken) ?? subscription.Settings;

        var body = BodyRenderer.Render(pinned, delivery.Event);
        var headers = SignerOf(subscription, pinned.Profile, startsAt).HeadersFor(delivery.Event.Id, delivery.Event.Timestamp!, startsAt, body.Span);
        return new SendRequest(subscription.Settings.Url, body, headers, subscription.Settings.EffectiveTimeout);
    }

    private RequestSigner SignerOf(Subscription subscription, Profile profile, DateTimeOffset at)
    {
        // How many are still valid tells which: the older ends first.
        var valid = subscription.Secrets.TakeWhile(secret => secret.IsValidAt(at)).Count();
        return _signers.GetOrCreateValue(subscription).GetOrAdd(
            (profile.Name, valid),
            static (key, given) => new RequestSigner(given.Profile, given.Secrets.Take(key.Secrets).Select(secret => secret.Text)),
            (Profile: profile, subscription.Secrets));
    }

    private async ValueTask<SubscriptionSettings?> OldRevisionAsync(Guid subscriptionId, int revision, CancellationToken cancellationToken)
    {
        if (_oldRevisions.TryGetValue((subscriptionId, revision), out var known))
        {
            return known;
        }

        var settings = await store.FindRevisionAsync(subscriptionId, revision, cancellationToken);
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
