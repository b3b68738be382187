namespace Webhooks.Subscriptions.Retries;

/// <summary>A subscription's own retry schedule, in the words of the API; a missing member takes the default that stands here.</summary>
public sealed record CustomRetry
{
    /// <summary>All attempts, the first included. See <see cref="RetryLimits"/> for what each member may be.</summary>
    public int MaxAttempts { get; init; } = 6;

    /// <summary>The wait before the second attempt.</summary>
    public double InitialDelaySeconds { get; init; } = 5;

    /// <summary>No wait is longer than this (jitter aside).</summary>
    public double MaxDelaySeconds { get; init; } = 3600;

    /// <summary>How many times longer each wait is than the one before.</summary>
    public double BackoffMultiplier { get; init; } = 2;

    /// <summary>The largest part of a wait that chance adds to it; a wait is never shortened.</summary>
    public double Jitter { get; init; }
}

/// <summary>What a <see cref="CustomRetry"/> may ask for, bounds included.</summary>
public static class RetryLimits
{
    public const int FewestAttempts = 1;
    public const int MostAttempts = 20;

    public const double ShortestDelaySeconds = 0.1;
    public const double LongestInitialDelaySeconds = 86_400;

    /// <summary>The contract names no bound; a week keeps all 20 attempts of a steep schedule countable in months, not years.</summary>
    public const double LongestMaxDelaySeconds = 7 * 86_400;

    public const double SmallestMultiplier = 1;
    public const double LargestMultiplier = 10;

    public const double SmallestJitter = 0;
    public const double LargestJitter = 1;
}
