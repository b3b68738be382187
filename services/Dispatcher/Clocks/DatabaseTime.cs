namespace Webhooks.Dispatcher.Clocks;

/// <summary>
/// This process's clock, set right by the database's when the two differ. What one process writes down others judge, by their clock or by
/// the database's: where a receiver that had failed five times in a minute was recorded by a clock six days off, it had failed for six
/// days, and was given up. Elapsed time and timers are not touched.
/// </summary>
/// <param name="wall">This process's.</param>
internal sealed class DatabaseTime(TimeProvider wall) : TimeProvider
{
    // Clocks that are kept in step are let alone.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMilliseconds(100);

    private long _ahead;

    public override TimeZoneInfo LocalTimeZone => wall.LocalTimeZone;

    public override long TimestampFrequency => wall.TimestampFrequency;

    /// <summary>How far the database's clock is ahead of the process's; zero while they agree.</summary>
    public TimeSpan Ahead => TimeSpan.FromTicks(Volatile.Read(ref _ahead));

    public override DateTimeOffset GetUtcNow() => wall.GetUtcNow() + Ahead;

    public override long GetTimestamp() => wall.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => wall.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes in what the database said; as much of the difference as is certain, however long it took to answer.</summary>
    /// <param name="asked">By the process's clock, before it was asked.</param>
    /// <param name="took">Until the answer was there.</param>
    /// <param name="said">Its clock, some time between the two.</param>
    public void Learn(DateTimeOffset asked, TimeSpan took, DateTimeOffset said)
    {
        var ahead = said > asked + took ? said - asked - took : said < asked ? said - asked : TimeSpan.Zero;
        ahead = ahead.Duration() < Unnoticed ? TimeSpan.Zero : ahead;
        // Each answer is a little more or less certain; time should not go to and fro with that.
        if (ahead == TimeSpan.Zero || (ahead - Ahead).Duration() >= Unnoticed)
        {
            Volatile.Write(ref _ahead, ahead.Ticks);
        }
    }
}
