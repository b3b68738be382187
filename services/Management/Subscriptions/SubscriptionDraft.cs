using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Ordering;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Profiles.Overrides;
using Webhooks.Subscriptions.Retries;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.Subscriptions.Shaping.Transforms;

namespace Webhooks.Management.Subscriptions;

/// <summary>What a body may set, before it is known to be complete: a new subscription's defaults, or a present one's values.</summary>
internal sealed record SubscriptionDraft
{
    public string? Url { get; init; }

    public IReadOnlyList<string>? EventTypes { get; init; }

    public Profile Profile { get; init; } = DefaultProfile;

    public string? Description { get; init; }

    /// <summary>Null: to be generated.</summary>
    public string? Secret { get; init; }

    public CustomRetry? Retry { get; init; }

    public RetryOn? RetryOn { get; init; }

    public TimeSpan? Timeout { get; init; }

    public double? RateLimit { get; init; }

    public int? MaxInFlight { get; init; }

    public OrderingKey? OrderingKey { get; init; }

    public EventFilter? Filter { get; init; }

    public EventTransform? Transform { get; init; }

    public string? Channel { get; init; }

    public CustomHeaders? Headers { get; init; }

    public SignatureOverride? Signature { get; init; }

    public bool SendTraceparent { get; init; }

    public SubscriptionState State { get; init; } = SubscriptionState.Active;

    public static Profile DefaultProfile { get; } = BuiltInProfiles.Matcher;

    public static SubscriptionDraft From(Subscription subscription) => new()
    {
        Url = subscription.Settings.Url,
        EventTypes = subscription.Settings.EventTypes,
        Profile = subscription.Settings.Profile,
        Description = subscription.Settings.Description,
        Secret = subscription.SigningSecret,
        Retry = subscription.Settings.Retry,
        RetryOn = subscription.Settings.RetryOn,
        Timeout = subscription.Settings.Timeout,
        RateLimit = subscription.Settings.RateLimit,
        MaxInFlight = subscription.Settings.MaxInFlight,
        OrderingKey = subscription.Settings.OrderingKey,
        Filter = subscription.Settings.Filter,
        Transform = subscription.Settings.Transform,
        Channel = subscription.Settings.Channel,
        Headers = subscription.Settings.Headers,
        Signature = subscription.Settings.Signature,
        SendTraceparent = subscription.Settings.SendTraceparent,
        State = subscription.State,
    };

    /// <summary>The settings of a draft whose reading found no fault.</summary>
    public SubscriptionSettings Settings() => new()
    {
        Url = Url!,
        EventTypes = EventTypes!,
        Profile = Profile,
        Description = Description,
        Retry = Retry,
        RetryOn = RetryOn,
        Timeout = Timeout,
        RateLimit = RateLimit,
        MaxInFlight = MaxInFlight,
        OrderingKey = OrderingKey,
        Filter = Filter,
        Transform = Transform,
        Channel = Channel,
        Headers = Headers,
        Signature = Signature,
        SendTraceparent = SendTraceparent,
    };

    public string SecretOrNew() => Secret ?? SecretRule.Generate(Settings().EffectiveProfile.Signature);
}
