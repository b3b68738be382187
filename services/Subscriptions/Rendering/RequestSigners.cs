using System.Runtime.CompilerServices;
using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>
/// Keeps each subscription's prepared signer for as long as its secrets are in memory: preparing costs several times what
/// signing does. Thread-safe.
/// </summary>
public sealed class RequestSigners
{
    // By the list itself, not by what it holds: a changed subscription brings another list, and the old signer goes with the old one.
    private readonly ConditionalWeakTable<IReadOnlyList<string>, RequestSigner> _signers = [];

    /// <param name="profile">The profile of the revision that is sent, which may not be the subscription's current one.</param>
    /// <param name="secrets"><see cref="Subscription.Secrets"/>, never changed in place.</param>
    /// <exception cref="ArgumentException">As the signer's constructor.</exception>
    public RequestSigner For(Profile profile, IReadOnlyList<string> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);

        if (_signers.TryGetValue(secrets, out var known) && ReferenceEquals(known.Profile, profile))
        {
            return known;
        }

        var signer = new RequestSigner(profile, secrets);
        _signers.AddOrUpdate(secrets, signer);
        return signer;
    }
}
