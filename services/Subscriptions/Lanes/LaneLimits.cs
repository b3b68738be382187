namespace Webhooks.Subscriptions.Lanes;

/// <summary>What a subscription's configuration asks of whoever serves its lane.</summary>
/// <param name="IsPaused">Nothing is sent; deliveries wait.</param>
/// <param name="PerSecond">At most so many attempts start in a second, in the whole fleet; null: as many as can.</param>
/// <param name="MaxInFlight">At most so many attempts are in flight at a time, in the whole fleet; null: no limit of its own.</param>
/// <param name="IsOrdered">Deliveries of the same key go one after the other, in the order of their acceptance.</param>
public readonly record struct LaneLimits(bool IsPaused, double? PerSecond, int? MaxInFlight, bool IsOrdered)
{
    /// <summary>The one place that reads them out of a subscription.</summary>
    public static LaneLimits Of(Subscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return new LaneLimits(
            // What is deleted has nothing to wait for: what is in its lane, or still comes, is canceled.
            IsPaused: subscription is { State: SubscriptionState.Paused, Deleted: false },
            subscription.Settings.RateLimit,
            subscription.Settings.MaxInFlight,
            IsOrdered: subscription.Settings.OrderingKey is not null);
    }
}
