using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Tests;

/// <summary>Subscriptions to try things with.</summary>
internal static class Some
{
    private static readonly DateTimeOffset Created = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);

    public static Subscription Subscription(params string[] eventTypes) => new()
    {
        Id = Guid.NewGuid(),
        TenantId = "tenant_001",
        State = SubscriptionState.Active,
        Revision = 1,
        Settings = new SubscriptionSettings { Url = "https://receiver.example/hooks", EventTypes = eventTypes, Profile = BuiltInProfiles.Matcher },
        Secrets = [new SubscriptionSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        CreatedAt = Created,
        UpdatedAt = Created,
        ConfigVersion = 1,
    };

    public static Subscription Wanting(this Subscription subscription, params string[] eventTypes) =>
        subscription with { Settings = subscription.Settings with { EventTypes = eventTypes } };
}
