namespace Webhooks.Subscriptions.Retries;

/// <summary>
/// Which waits a delay queue carries: a policy's known ones, up to an hour. Those that chance or a receiver made up would
/// each need a queue of their own, and queues are never deleted; they, and longer ones, are kept by the delivery's row.
/// </summary>
public static class BrokeredWaits
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>The delays of the queues that a policy uses, rounded as they are used.</summary>
    public static IEnumerable<TimeSpan> Of(RetryPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.HasJitter ? [] : policy.Waits.Select(Rounded).Where(wait => wait <= Longest).Distinct();
    }

    /// <summary>A wait as it is kept: rounded up to a delay that can have a queue.</summary>
    public static TimeSpan Rounded(TimeSpan wait) => TimeSpan.FromMilliseconds(DelayRounding.RoundUp(wait));

    /// <summary>Does a delay queue carry this wait of the policy?</summary>
    /// <param name="policy">The subscription's.</param>
    /// <param name="wait">As rounded.</param>
    /// <param name="asked">The receiver asked for it.</param>
    public static bool Carry(RetryPolicy policy, TimeSpan wait, bool asked)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return !asked && !policy.HasJitter && wait <= Longest;
    }
}
