namespace Webhooks.Subscriptions.Retries;

/// <summary>How long a delivery waits before each of its attempts. Pure: chance is given, no clock.</summary>
public sealed record RetryPolicy
{
    private static readonly TimeSpan[] DefaultWaits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1),
    ];

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

    /// <summary>The wait between the end of the attempt before and the start of attempt <paramref name="number"/> (from 2).</summary>
    /// <param name="number">2 to <see cref="MaxAttempts"/>.</param>
    /// <param name="chance">0 up to 1; how much of the jitter is added.</param>
    public TimeSpan WaitBefore(int number, double chance = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, MaxAttempts);

        if (_custom is null)
        {
            return DefaultWaits[number - 2];
        }

        // In doubles the power may reach infinity, and the smaller of the two is still right.
        var seconds = Math.Min(_custom.MaxDelaySeconds, _custom.InitialDelaySeconds * Math.Pow(_custom.BackoffMultiplier, number - 2));
        return TimeSpan.FromSeconds(seconds * (1 + (_custom.Jitter * chance)));
    }
}
