namespace Webhooks.Subscriptions.Lanes;

/// <summary>
/// Decides what of a subscription's configuration needs a lane. Pure. Whoever saves such a configuration opens the lane in
/// the same transaction; what needs one for another reason (a breaker, too large a share) is opened by dispatchers.
/// </summary>
public static class LaneNeed
{
    /// <summary>The first reason that there is; null: it can be served by messages.</summary>
    public static LaneReason? Of(Subscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);

        // What is disabled or deleted takes nothing, so there is nothing to limit: its lane closes once it is empty.
        if (subscription.Deleted || subscription.State == SubscriptionState.Disabled)
        {
            return null;
        }

        var limits = LaneLimits.Of(subscription);
        return limits switch
        {
            { IsPaused: true } => LaneReason.Paused,
            { PerSecond: not null } => LaneReason.RateLimit,
            { MaxInFlight: not null } => LaneReason.MaxInFlight,
            { IsOrdered: true } => LaneReason.Ordering,
            _ => null,
        };
    }
}
