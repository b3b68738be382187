namespace Webhooks.Subscriptions.Health;

/// <summary>What is shown of how a receiver fares.</summary>
/// <param name="Reason">The outcome of the last attempt that was no success, such as <c>timed_out</c>; null: there is nothing to say.</param>
public sealed record SubscriptionHealth(HealthState State, string? Reason)
{
    /// <summary>Of those that never failed there is no row.</summary>
    public static readonly SubscriptionHealth Healthy = new(HealthState.Healthy, Reason: null);
}
