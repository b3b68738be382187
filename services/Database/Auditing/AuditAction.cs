namespace Webhooks.Database.Auditing;

/// <summary>What can be done, by names that never change.</summary>
public static class AuditAction
{
    public const string SubscriptionCreated = "subscription.created";
    public const string SubscriptionUpdated = "subscription.updated";
    public const string SubscriptionDeleted = "subscription.deleted";
    public const string SubscriptionEnabled = "subscription.enabled";
    public const string SubscriptionDisabled = "subscription.disabled";
    public const string SubscriptionPaused = "subscription.paused";

    /// <summary>Active again after a pause.</summary>
    public const string SubscriptionResumed = "subscription.resumed";

    public const string SecretRotated = "secret.rotated";
    public const string SecretRevealed = "secret.revealed";

    /// <summary>One delivery again.</summary>
    public const string DeliveryReplayed = "delivery.replayed";

    /// <summary>Deliveries of a subscription still waited when their retention was over: they are canceled.</summary>
    public const string DeliveriesExpired = "deliveries.expired";

    /// <summary>Many deliveries again, by a filter.</summary>
    public const string ReplayStarted = "replay.started";
    public const string ReplayCanceled = "replay.canceled";

    /// <summary>What a subscription missed, again.</summary>
    public const string SubscriptionRecovered = "subscription.recovered";

    /// <summary>An external system's call has become a command that the broker has confirmed.</summary>
    public const string CallbackAccepted = "callback.accepted";

    /// <summary>The domain service has carried a command out.</summary>
    public const string CallbackApplied = "callback.applied";

    /// <summary>The domain service has not, or the command never reached the broker; the details say why.</summary>
    public const string CallbackFailed = "callback.failed";

    /// <summary>A call of somebody who is known was answered with a problem, whose code the details have.</summary>
    public const string CallbackRefused = "callback.refused";

    /// <summary>A source's webhook that is no command was told of.</summary>
    public const string CallbackReceived = "callback.received";

    public const string SourceCreated = "source.created";
    public const string SourceUpdated = "source.updated";
    public const string SourceDeleted = "source.deleted";

    /// <summary>A message that could not be processed is back in its queue.</summary>
    public const string ParkedRepublished = "parked.republished";
    public const string ParkedDeleted = "parked.deleted";

    public const string TokenCreated = "token.created";
    public const string TokenRevoked = "token.revoked";
}
