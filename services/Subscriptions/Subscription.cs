namespace Webhooks.Subscriptions;

/// <summary>Whether a subscription takes new deliveries.</summary>
public enum SubscriptionState
{
    /// <summary>Matching events become deliveries.</summary>
    Active,

    /// <summary>Matching events become deliveries, which wait.</summary>
    Paused,

    /// <summary>No new deliveries; waiting ones are canceled.</summary>
    Disabled,
}

/// <summary>A tenant's wish: these event types, to this URL, in this profile. A value; a change makes a new one.</summary>
public sealed record Subscription
{
    public required Guid Id { get; init; }

    public required string TenantId { get; init; }

    public required SubscriptionState State { get; init; }

    /// <summary>The current revision's number; <see cref="Settings"/> are its settings.</summary>
    public required int Revision { get; init; }

    public required SubscriptionSettings Settings { get; init; }

    /// <summary>The signing one first, then those that were rotated out, newest first.</summary>
    public required IReadOnlyList<Secrets.SubscriptionSecret> Secrets { get; init; }

    public string SigningSecret => Secrets[0].Text;

    /// <summary>Deliveries of events accepted up to this moment are canceled.</summary>
    public DateTimeOffset? CancelBefore { get; init; }

    public bool Deleted { get; init; }

    /// <summary>Its lane is open: it is served from its rows, and nothing is published for it.</summary>
    public bool HasLane { get; init; }

    /// <summary>Why the system disabled it; null when a person did.</summary>
    public string? DisabledReason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The configuration version of its last change.</summary>
    public required long ConfigVersion { get; init; }

    /// <summary>
    /// Does it still want a delivery accepted at <paramref name="acceptedAt"/>? What it does not want is canceled. What it
    /// wants goes out now, unless it <see cref="HasLane"/>: then the lane says when, be it paused.
    /// </summary>
    public bool Accepts(DateTimeOffset acceptedAt) =>
        State != SubscriptionState.Disabled && !Deleted && !(acceptedAt <= CancelBefore);
}

/// <summary>One immutable revision of what a subscription wants.</summary>
public sealed record SubscriptionSettings
{
    public required string Url { get; init; }

    /// <summary>Exact types, <c>a.*</c> for any type below <c>a</c>, <c>*</c> for all but the system's own.</summary>
    public required IReadOnlyList<string> EventTypes { get; init; }

    /// <summary>The named dialect; what is signed and sent is the <see cref="EffectiveProfile"/>.</summary>
    public required Profiles.Profile Profile { get; init; }

    public string? Description { get; init; }

    /// <summary>A label of the tenant's own to group subscriptions by.</summary>
    public string? Channel { get; init; }

    /// <summary>Null: none but the profile's.</summary>
    public Profiles.Overrides.CustomHeaders? Headers { get; init; }

    /// <summary>Null: the profile's scheme.</summary>
    public Profiles.Overrides.SignatureOverride? Signature { get; init; }

    /// <summary>Does each attempt tell the receiver the trace it belongs to?</summary>
    public bool SendTraceparent { get; init; }

    /// <summary>Null: every event of the types.</summary>
    public Shaping.Filters.EventFilter? Filter { get; init; }

    /// <summary>Null: the profile's body.</summary>
    public Shaping.Transforms.EventTransform? Transform { get; init; }

    /// <summary>Null: the default schedule.</summary>
    public Retries.CustomRetry? Retry { get; init; }

    /// <summary>Null: the profile's rule.</summary>
    public Profiles.RetryOn? RetryOn { get; init; }

    /// <summary>Null: the profile's deadline.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Attempts a second, over the whole fleet. Null: as many as there are.</summary>
    public double? RateLimit { get; init; }

    /// <summary>Attempts at a time, over the whole fleet. Null: as many as there are.</summary>
    public int? MaxInFlight { get; init; }

    /// <summary>By what deliveries are ordered. Null: they are not.</summary>
    public Ordering.OrderingKey? OrderingKey { get; init; }

    /// <summary>The profile with this subscription's own signature and headers: who signs and sends asks for nothing else.</summary>
    /// <exception cref="ArgumentException">The signature does not go with the profile.</exception>
    public Profiles.Profile EffectiveProfile => Profiles.Overrides.EffectiveProfiles.Of(this);

    public Profiles.RetryOn EffectiveRetryOn => RetryOn ?? Profile.RetryOn;

    public TimeSpan EffectiveTimeout => Timeout ?? Profile.Deadline;

    public Retries.RetryPolicy RetryPolicy => Retry is null ? Retries.RetryPolicy.Default : Retries.RetryPolicy.From(Retry);
}
