namespace Webhooks.Contracts;

/// <summary>
/// What <see cref="BrokerNames.NotificationsExchange"/> tells of: a notification's <c>type</c> and its routing key. More
/// types may come; a consumer ignores those it does not know.
/// </summary>
public static class NotificationTypes
{
    /// <summary>A delivery has used up its attempts, or its time: <see cref="Contracts.DeliveryExhausted"/>.</summary>
    public const string DeliveryExhausted = "delivery.exhausted";

    /// <summary>A delivery ended by an answer that is not tried again: <see cref="Contracts.DeliveryFailed"/>.</summary>
    public const string DeliveryFailed = "delivery.failed";

    /// <summary>A subscription takes no deliveries any more: <see cref="Contracts.SubscriptionDisabled"/>.</summary>
    public const string SubscriptionDisabled = "subscription.disabled";

    /// <summary>A subscription's receiver fares otherwise than before: <see cref="Contracts.SubscriptionHealthChanged"/>.</summary>
    public const string SubscriptionHealthChanged = "subscription.health_changed";

    /// <summary>A source's webhook that is no command: <see cref="Contracts.InboundReceived"/>.</summary>
    public const string InboundReceived = "inbound.received";
}
