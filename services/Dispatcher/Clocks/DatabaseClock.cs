using Microsoft.Extensions.Logging;

namespace Webhooks.Dispatcher.Clocks;

/// <summary>
/// Tells how far the database's clock is from this process's. What one process writes down others judge, by theirs or by the database's: by a
/// clock that was six days off, a receiver that had failed five times in a minute had failed for six days, and was given up. So
/// moments are written as the database's clock has them, and read back as this one's.
/// </summary>
internal sealed partial class DatabaseClock(TimeProvider clock, ILogger<DatabaseClock> logger)
{
    // Of clocks that are kept in step nothing is moved.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Noteworthy = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private long _saidAt;

    /// <summary>By this process's clock.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>What is to be added to a moment of this process's clock; as much of it as is certain, however long the database took to answer.</summary>
    /// <param name="asked"><see cref="Now"/>, before it was asked.</param>
    /// <param name="said">Its <c>clock_timestamp()</c>.</param>
    public TimeSpan Difference(DateTimeOffset asked, DateTimeOffset said)
    {
        var answered = Now;
        var difference = said > answered ? said - answered : said < asked ? said - asked : TimeSpan.Zero;
        if (difference.Duration() < Unnoticed)
        {
            return TimeSpan.Zero;
        }

        if (difference.Duration() > Noteworthy && IsTimeToSay())
        {
            Log.Differs(logger, -difference);
        }

        return difference;
    }

    private bool IsTimeToSay()
    {
        var (before, now) = (Volatile.Read(ref _saidAt), clock.GetTimestamp());
        return (before == 0 || clock.GetElapsedTime(before, now) >= Interval) && Interlocked.CompareExchange(ref _saidAt, now, before) == before;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "This process's clock is {Ahead} ahead of PostgreSQL's. What is recorded goes by PostgreSQL's, but signatures carry this one's time, and receivers refuse them when it is wrong: set the clock")]
        public static partial void Differs(ILogger logger, TimeSpan ahead);
    }
}
