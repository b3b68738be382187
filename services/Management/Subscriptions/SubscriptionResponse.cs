using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Retries;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Subscriptions;

/// <summary>A subscription in answers: every documented member, null where there is nothing, in the documented order.</summary>
internal sealed record SubscriptionResponse
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string Url { get; init; }

    public required IReadOnlyList<string> EventTypes { get; init; }

    public required string Profile { get; init; }

    public required string? Description { get; init; }

    /// <summary>Masked, except in the answer that creates it.</summary>
    public required string Secret { get; init; }

    public required string State { get; init; }

    public required string? Channel { get; init; }

    /// <summary>Null: the default schedule.</summary>
    public required CustomRetry? Retry { get; init; }

    /// <summary>Null: the profile's rule.</summary>
    public required string? RetryOn { get; init; }

    /// <summary>Null: the profile's deadline.</summary>
    public required double? TimeoutSeconds { get; init; }

    /// <summary>Null: as fast as they come.</summary>
    public required RateLimitResponse? RateLimit { get; init; }

    /// <summary>Null: as many as there are.</summary>
    public required int? MaxInFlight { get; init; }

    public required string? Ordering { get; init; }

    public required string? OrderingKey { get; init; }

    public required JsonElement? Filter { get; init; }

    public required JsonElement? Transform { get; init; }

    /// <summary>Credentials are hidden.</summary>
    public required IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Null: the profile's scheme.</summary>
    public required SignatureResponse? Signature { get; init; }

    public required bool SendTraceparent { get; init; }

    public required int Revision { get; init; }

    public required HealthResponse Health { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <param name="health">How its receiver fares; null: nothing is known yet.</param>
    public static SubscriptionResponse Of(Subscription subscription, SubscriptionHealth? health = null, bool showSecret = false) => new()
    {
        Id = PrefixedId.Format(PrefixedId.Subscription, subscription.Id),
        TenantId = subscription.TenantId,
        Url = subscription.Settings.Url,
        EventTypes = subscription.Settings.EventTypes,
        Profile = subscription.Settings.Profile.Name,
        Description = subscription.Settings.Description,
        Secret = showSecret ? subscription.SigningSecret : SecretText.Mask(subscription.SigningSecret),
        State = SubscriptionStateName.Of(subscription.State),
        Retry = subscription.Settings.Retry,
        RetryOn = subscription.Settings.RetryOn is { } rule ? RetryOnName.Of(rule) : null,
        TimeoutSeconds = subscription.Settings.Timeout?.TotalSeconds,
        RateLimit = subscription.Settings.RateLimit is { } rate ? new RateLimitResponse(rate) : null,
        MaxInFlight = subscription.Settings.MaxInFlight,
        Ordering = subscription.Settings.OrderingKey is null ? null : Webhooks.Subscriptions.Ordering.OrderingKey.ByKey,
        OrderingKey = subscription.Settings.OrderingKey?.Pointer,
        Filter = Parse(subscription.Settings.Filter?.Json),
        Transform = Parse(subscription.Settings.Transform?.Json),
        Channel = subscription.Settings.Channel,
        Headers = subscription.Settings.Headers?.Shown,
        Signature = SignatureResponse.Of(subscription.Settings.Signature),
        SendTraceparent = subscription.Settings.SendTraceparent,
        Revision = subscription.Revision,
        Health = HealthResponse.Of(subscription, health ?? SubscriptionHealth.Healthy),
        CreatedAt = subscription.CreatedAt,
        UpdatedAt = subscription.UpdatedAt,
    };

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}

/// <summary>How fast deliveries go out.</summary>
internal sealed record RateLimitResponse(double PerSecond);

/// <summary>How a subscription fares, and why when not well.</summary>
internal sealed record HealthResponse(string State, string? Reason)
{
    private const string Disabled = "disabled";

    /// <summary>Every state there is.</summary>
    public static IEnumerable<string> States => [.. Enum.GetValues<HealthState>().Select(state => state.ToWireName()), Disabled];

    // One that the system disabled has a reason. One that a person disabled is shown as it was: nothing is sent that would change it.
    public static HealthResponse Of(Subscription subscription, SubscriptionHealth health) =>
        subscription.DisabledReason is { } reason ? new(Disabled, reason) : new(health.State.ToWireName(), health.Reason);
}
