namespace Webhooks.Subscriptions.Retries;

/// <summary>How long a delivery waits before each of its attempts. Pure: chance is given, and there is no clock.</summary>
public sealed record RetryPolicy
{
    private static readonly TimeSpan[] DefaultWaits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1),
    ];

    // Longer than anybody waits, and so short that twice of it (full jitter) is still a TimeSpan.
    private static readonly double LongestSeconds = TimeSpan.MaxValue.TotalSeconds / 4;

    private readonly CustomRetry? _custom;

    private RetryPolicy(CustomRetry? custom) => _custom = custom;

    /// <summary>At once, then after 5 s, 30 s, 2 min, 10 min and 1 h.</summary>
    public static RetryPolicy Default { get; } = new(custom: null);

    public static RetryPolicy From(CustomRetry custom)
    {
        ArgumentNullException.ThrowIfNull(custom);
        return new RetryPolicy(custom);
    }

    /// <summary>All attempts, the first included.</summary>
    public int MaxAttempts => _custom?.MaxAttempts ?? DefaultWaits.Length + 1;

    /// <summary>Chance makes its waits longer.</summary>
    public bool HasJitter => _custom is { Jitter: > 0 };

    /// <summary>Each wait that the policy can ask for, once, jitter aside, shortest first: what delay queues are made for.</summary>
    public IReadOnlyList<TimeSpan> Waits =>
        [.. Enumerable.Range(2, Math.Max(0, MaxAttempts - 1)).Select(number => WaitBefore(number)).Distinct()];

    /// <summary>How long to wait after the end of attempt <paramref name="number"/> − 1.</summary>
    /// <param name="number">2 to <see cref="MaxAttempts"/>; before attempt 1 there is no wait.</param>
    /// <param name="chance">0 to 1: how much of the jitter is added.</param>
    public TimeSpan WaitBefore(int number, double chance = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThan(chance, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chance, 1);

        return _custom is null ? DefaultWaits[number - 2] : CustomWait(_custom, number, chance);
    }

    private static TimeSpan CustomWait(CustomRetry custom, int number, double chance)
    {
        // The power may reach infinity; the minimum is then still right.
        var grown = custom.InitialDelaySeconds * Math.Pow(custom.BackoffMultiplier, number - 2);
        var seconds = Math.Min(LongestSeconds, Math.Min(custom.MaxDelaySeconds, grown));

        // Rounded, so that 0.1 s × 3 is 300 ms and not a tick more, which would be another queue.
        return TimeSpan.FromTicks((long)Math.Round(seconds * (1 + (custom.Jitter * chance)) * TimeSpan.TicksPerSecond));
    }
}
