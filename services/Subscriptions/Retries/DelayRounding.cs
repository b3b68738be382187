namespace Webhooks.Subscriptions.Retries;

/// <summary>
/// Rounds a delay up to one that has a queue: two significant digits of milliseconds. At most 90 queues for each
/// tenfold, never early, and at most 10 % late.
/// </summary>
public static class DelayRounding
{
    /// <summary>The shortest delay, in milliseconds.</summary>
    public const long Shortest = 100;

    private const long TwoDigits = 100;

    /// <summary>Whole milliseconds. Not a <see cref="TimeSpan"/>: the longest ones, rounded up, would not fit.</summary>
    public static long RoundUp(TimeSpan delay)
    {
        var milliseconds = DivideUp(delay.Ticks, TimeSpan.TicksPerMillisecond);
        if (milliseconds <= Shortest)
        {
            return Shortest;
        }

        var step = 1L;
        while (milliseconds / step >= TwoDigits)
        {
            step *= 10;
        }

        return DivideUp(milliseconds, step) * step;
    }

    // Not (value + divisor - 1) / divisor, which overflows.
    private static long DivideUp(long value, long divisor) => (value / divisor) + (value % divisor > 0 ? 1 : 0);
}
