using Webhooks.Management.Catalog;
using Webhooks.Signatures;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// Signs documented examples as a subscription's attempts would be, and verifies them as its receiver would: what cannot be
/// signed or verified then is refused when it is saved, not found out by deliveries that fail.
/// </summary>
internal static class SignatureTrial
{
    /// <summary>Null: every example of the types that are named was signed and verified. Otherwise a sentence.</summary>
    public static string? FaultOf(SubscriptionSettings settings, string secret)
    {
        var examples = EventExamples.NamedBy(settings.EventTypes).ToList();
        return examples.Count == 0
            ? FaultOf(settings, secret, EventExamples.Any, isNamed: false)
            : examples.Select(example => FaultOf(settings, secret, example, isNamed: true)).FirstOrDefault(fault => fault is not null);
    }

    private static string? FaultOf(SubscriptionSettings settings, string secret, AcceptedEvent example, bool isNamed)
    {
        try
        {
            var (profile, at) = (settings.EffectiveProfile, DateTimeOffset.UnixEpoch);
            var body = BodyRenderer.Render(settings, example);
            var sent = new RequestSigner(profile, secret).HeadersFor(example.Id, example.Timestamp!, at, body.Span);

            // HTTP takes the space around a value away.
            var received = sent.Select(header => KeyValuePair.Create(header.Key, header.Value.Trim(' ')));
            var found = new SignatureVerifier(profile.Signature, secret).Verify(received, body.Span, at);
            return found is SignatureVerification.Valid ? null : $"No receiver could verify it: an example was signed, and verifying it said {found.WireName()}.";
        }
        // Of a type that is not documented nobody knows what it has: what is missing fails its deliveries, visibly.
        catch (SigningException missing) when (!isNamed && missing.Placeholder?.StartsWith("{pointer:", StringComparison.Ordinal) == true)
        {
            return null;
        }
        catch (TransformException)
        {
            // Tried by itself before, and complained of there.
            return null;
        }
        catch (SigningException missing)
        {
            return $"The documented example of {example.Type} cannot be signed: {missing.Message}";
        }
    }
}
