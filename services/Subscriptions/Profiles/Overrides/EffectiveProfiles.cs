using System.Runtime.CompilerServices;

namespace Webhooks.Subscriptions.Profiles.Overrides;

/// <summary>What a revision's profile becomes with its own signature and headers. Made once a revision, because templates are parsed then.</summary>
internal static class EffectiveProfiles
{
    // By the settings themselves and outside of them: a copy with other settings must not take what was made of these.
    private static readonly ConditionalWeakTable<SubscriptionSettings, Profile> Made = [];

    public static Profile Of(SubscriptionSettings settings) =>
        settings.Signature is null && settings.Headers is null ? settings.Profile : Made.GetValue(settings, Make);

    private static Profile Make(SubscriptionSettings settings)
    {
        var signed = settings.Signature?.ApplyTo(settings.Profile) ?? settings.Profile;
        return settings.Headers?.ApplyTo(signed) ?? signed;
    }
}
