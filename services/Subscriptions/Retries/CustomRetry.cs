namespace Webhooks.Subscriptions.Retries;

/// <summary>A subscription's own retry schedule, in the words of the API; a missing member takes the default that stands here.</summary>
public sealed record CustomRetry
{
    /// <summary>All attempts, the first included: 1–20.</summary>
    public int MaxAttempts { get; init; } = 6;

    /// <summary>The wait before the second attempt: 0.1–86,400.</summary>
    public double InitialDelaySeconds { get; init; } = 5;

    /// <summary>No wait is longer than this (jitter aside).</summary>
    public double MaxDelaySeconds { get; init; } = 3600;

    /// <summary>How many times longer each wait is than the one before: 1–10.</summary>
    public double BackoffMultiplier { get; init; } = 2;

    /// <summary>The largest random part, 0–1 of the wait, that is added to it; a wait is never shortened.</summary>
    public double Jitter { get; init; }
}
