namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>
/// Decides when the next send may start so that a rate is kept exactly: each send has its moment, an interval after the one
/// before. Pure; times are counted from any fixed moment. A send that is late by a little is caught up with, because timers
/// and a busy machine are; one that nobody waited for is not, so that a quiet lane saves up no burst.
/// </summary>
/// <param name="Interval">Between two sends; zero: no rate.</param>
/// <param name="Next">The moment of the next send.</param>
internal readonly record struct LanePace(TimeSpan Interval, TimeSpan Next)
{
    /// <summary>How much is caught up with. In any ten seconds it makes 1.5 % at most.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(150);

    /// <summary>How long before its moment a send is prepared.</summary>
    public static readonly TimeSpan Preparation = TimeSpan.FromMilliseconds(100);

    /// <summary>The pace of a lane that was just taken.</summary>
    /// <param name="perSecond">Null: none.</param>
    /// <param name="now">The moment of the taking.</param>
    /// <param name="left">What the holder before left of its wait; null: it may have sent a moment ago.</param>
    public static LanePace Begin(double? perSecond, TimeSpan now, TimeSpan? left)
    {
        // Whoever has sent a moment ago has an interval to wait, and no more: what was left may be of a slower rate.
        var interval = IntervalOf(perSecond);
        return new LanePace(interval, now + (left < interval ? left.Value : interval));
    }

    /// <summary>The same lane at another rate, from its last send on.</summary>
    public LanePace At(double? perSecond) =>
        IntervalOf(perSecond) is var interval && interval == Interval ? this : new LanePace(interval, Next - Interval + interval);

    /// <summary>How long until the next send may start; zero or less: at once.</summary>
    public TimeSpan Wait(TimeSpan now) => Interval == TimeSpan.Zero ? TimeSpan.Zero : Next - now;

    /// <summary>How many sends are worth preparing.</summary>
    public int Room(TimeSpan now, int most)
    {
        if (Interval == TimeSpan.Zero)
        {
            return most;
        }

        var ahead = now + Preparation - First(now);
        return ahead < TimeSpan.Zero ? 0 : (int)Math.Min(most, (ahead.Ticks / Interval.Ticks) + 1);
    }

    /// <summary>After a send started.</summary>
    public LanePace Sent(TimeSpan now) => Interval == TimeSpan.Zero ? this : this with { Next = First(now) + Interval };

    /// <summary>After a moment in which nothing waited to be sent.</summary>
    public LanePace Rested(TimeSpan now) => Next < now ? this with { Next = now } : this;

    private TimeSpan First(TimeSpan now) => Next > now - Tolerance ? Next : now - Tolerance;

    private static TimeSpan IntervalOf(double? perSecond) =>
        perSecond is { } rate ? TimeSpan.FromTicks((long)Math.Ceiling(TimeSpan.TicksPerSecond / rate)) : TimeSpan.Zero;
}
