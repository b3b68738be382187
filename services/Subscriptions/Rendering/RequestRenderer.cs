using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Webhooks.Signatures;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>
/// Makes the request of an attempt: the one way for deliveries, test sends and dry runs, so that what is shown is what is
/// sent. The pinned revision fixes body, profile and headers; URL, secret and deadline are the subscription's current ones.
/// </summary>
public sealed class RequestRenderer
{
    // Decoding secrets and keying hashes happens once per revision in memory, and ends with it. By the revision itself, not by
    // its profile's name: whatever a revision sets for itself is signed its own way.
    private readonly ConditionalWeakTable<SubscriptionSettings, Prepared> _prepared = [];

    // By the profile's name, as long as the event is in memory: thousands of subscriptions get the same body, and slow ones keep it for long.
    private readonly ConditionalWeakTable<AcceptedEvent, ConcurrentDictionary<string, ReadOnlyMemory<byte>>> _bodies = [];

    /// <param name="pinned">The revision's settings; the current ones for what is not pinned to any.</param>
    /// <param name="subscription">As it is now.</param>
    /// <param name="accepted">An event with a timestamp.</param>
    /// <param name="at">When the attempt starts; the same moment gives the same bytes.</param>
    /// <exception cref="RenderException">It cannot be made.</exception>
    public WebhookRequest Render(SubscriptionSettings pinned, Subscription subscription, AcceptedEvent accepted, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(pinned);
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(accepted);

        try
        {
            var body = BodyOf(pinned, accepted);
            var signer = SignerOf(pinned, subscription.Secrets, at);
            var headers = signer.HeadersFor(accepted.Id, accepted.Timestamp!, at, body.Span);
            return new WebhookRequest(subscription.TenantId, subscription.Settings.Url, body, headers, subscription.Settings.EffectiveTimeout)
            {
                Confidential = signer.Profile.Confidential,
            };
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or SigningException or TransformException)
        {
            throw new RenderException(fault);
        }
    }

    private ReadOnlyMemory<byte> BodyOf(SubscriptionSettings pinned, AcceptedEvent accepted) =>
        accepted.IsLarge && pinned.Transform is null
            ? _bodies.GetOrCreateValue(accepted).GetOrAdd(pinned.Profile.Name, (_, settings) => BodyRenderer.Render(settings, accepted), pinned)
            : BodyRenderer.Render(pinned, accepted);

    private RequestSigner SignerOf(SubscriptionSettings pinned, IReadOnlyList<SubscriptionSecret> secrets, DateTimeOffset at)
    {
        // How many are still valid tells which: the older ends first.
        var valid = secrets.TakeWhile(secret => secret.IsValidAt(at)).Count();
        var prepared = _prepared.GetOrCreateValue(pinned);
        if (prepared.Latest is { } latest && ReferenceEquals(latest.Secrets, secrets) && latest.Valid == valid)
        {
            return latest.Signer;
        }

        var signer = new RequestSigner(pinned.EffectiveProfile, secrets.Take(valid).Select(secret => secret.Text));
        prepared.Latest = new ReadySigner(secrets, valid, signer);
        return signer;
    }

    /// <summary>What was prepared for a revision. One signer is enough: secrets change seldom, and a rotated one replaces what it was.</summary>
    private sealed class Prepared
    {
        private ReadySigner? _latest;

        public ReadySigner? Latest
        {
            get => Volatile.Read(ref _latest);
            set => Volatile.Write(ref _latest, value);
        }
    }

    private sealed record ReadySigner(IReadOnlyList<SubscriptionSecret> Secrets, int Valid, RequestSigner Signer);
}
