namespace Webhooks.Dispatcher.Retention;

/// <summary>What retention knows of time, by two clocks that must agree.</summary>
/// <param name="Now">This process's clock.</param>
/// <param name="DatabaseNow">The database's clock.</param>
/// <param name="Seen">The database's clock when somebody last looked.</param>
/// <param name="HeldUntil">Nothing is dropped before this; null: nothing holds it.</param>
internal readonly record struct RetentionClocks(DateTimeOffset Now, DateTimeOffset DatabaseNow, DateTimeOffset Seen, DateTimeOffset? HeldUntil);

/// <summary>
/// Decides from which moment on rows are kept. Pure. What is dropped cannot be brought back, so a clock that was set wrong, and a
/// database that comes back from long ago, must not make everything look old at once.
/// </summary>
internal abstract record RetentionVerdict
{
    private static readonly TimeSpan LargestDifference = TimeSpan.FromHours(1);

    // Longer than a fleet stands still over a holiday.
    private static readonly TimeSpan LargestLeap = TimeSpan.FromDays(7);

    // Time for somebody to read the warning and to set the clock, or the retention.
    private static readonly TimeSpan Hold = TimeSpan.FromDays(1);

    private RetentionVerdict()
    {
    }

    /// <summary>What is older than <paramref name="Moment"/> may go.</summary>
    public sealed record KeepFrom(DateTimeOffset Moment) : RetentionVerdict;

    /// <summary>Nothing goes. The clocks disagree, and nothing can be said.</summary>
    public sealed record Distrust(TimeSpan Difference) : RetentionVerdict;

    /// <summary>Nothing goes until then: time has made a leap.</summary>
    /// <param name="Until">By the database's clock.</param>
    /// <param name="Leap">How far, when it was noticed just now; else null.</param>
    public sealed record HoldOff(DateTimeOffset Until, TimeSpan? Leap) : RetentionVerdict;

    public static RetentionVerdict Of(RetentionClocks clocks, TimeSpan retention)
    {
        var difference = (clocks.Now - clocks.DatabaseNow).Duration();
        if (difference > LargestDifference)
        {
            return new Distrust(difference);
        }

        if (clocks.DatabaseNow - clocks.Seen is var leap && leap > LargestLeap)
        {
            return new HoldOff(clocks.DatabaseNow + Hold, leap);
        }

        // One that lies further ahead was set by a clock that has been set back since.
        if (clocks.HeldUntil is { } until && until > clocks.DatabaseNow && until <= clocks.DatabaseNow + Hold)
        {
            return new HoldOff(until, Leap: null);
        }

        return new KeepFrom((clocks.Now < clocks.DatabaseNow ? clocks.Now : clocks.DatabaseNow) - retention);
    }
}
