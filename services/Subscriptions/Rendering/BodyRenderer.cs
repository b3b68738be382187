using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>The body that a revision's receiver gets: the profile's envelope, or what the revision's transform makes of it.</summary>
public static class BodyRenderer
{
    /// <exception cref="Shaping.Transforms.TransformException">The transform cannot be applied to this event.</exception>
    public static ReadOnlyMemory<byte> Render(SubscriptionSettings settings, AcceptedEvent accepted)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Transform is { } transform ? transform.Render(settings.Profile, accepted) : EnvelopeRenderer.Render(settings.Profile, accepted);
    }
}
