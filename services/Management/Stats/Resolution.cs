namespace Webhooks.Management.Stats;

/// <summary>How long each interval of a series is.</summary>
/// <param name="Name">As the query has it.</param>
/// <param name="Length">Intervals begin at whole multiples of it since 1970, in UTC.</param>
internal sealed record Resolution(string Name, TimeSpan Length)
{
    /// <summary>Enough for twelve hours of minutes, a month of hours.</summary>
    public const int MostPoints = 750;

    public static readonly Resolution Minute = new("minute", TimeSpan.FromMinutes(1));
    public static readonly Resolution Hour = new("hour", TimeSpan.FromHours(1));
    public static readonly Resolution Day = new("day", TimeSpan.FromDays(1));

    public static Resolution? Named(string name) => Array.Find([Minute, Hour, Day], resolution => resolution.Name == name);

    /// <summary>The beginnings of the intervals that a span touches, in their order.</summary>
    public IEnumerable<DateTimeOffset> PointsOf(DateTimeOffset since, DateTimeOffset until)
    {
        for (var at = Floor(since, Length); at < until; at += Length)
        {
            yield return at;
        }
    }

    public static DateTimeOffset Floor(DateTimeOffset time, TimeSpan length) => new(time.UtcTicks - (time.UtcTicks % length.Ticks), TimeSpan.Zero);

    public static DateTimeOffset Ceiling(DateTimeOffset time, TimeSpan length) => Floor(time, length) is var floor && floor == time ? floor : floor + length;
}
