using System.Globalization;

namespace Webhooks.Sources.Mapping;

/// <summary>Times as external systems spell them, turned into RFC 3339.</summary>
internal static class SenderTime
{
    // Of seconds this would be the year 5138, of milliseconds it is March 1973.
    private const long SmallestMilliseconds = 100_000_000_000;
    private const long LargestMilliseconds = 253_402_300_799_999;

    // Jira writes +0000; ServiceNow writes UTC without saying so; a due date has no time.
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd",
    ];

    /// <summary>Null: it is none.</summary>
    public static string? Normalize(string text)
    {
        if (OfSlack(text) is { } exact)
        {
            return Write(exact);
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            var milliseconds = number >= SmallestMilliseconds ? number : number * 1000;
            return milliseconds <= LargestMilliseconds ? Write(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)) : null;
        }

        return DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Write(time) : null;
    }

    // Seconds with microseconds behind a point, which also name a message.
    private static DateTimeOffset? OfSlack(string text) =>
        text.IndexOf('.', StringComparison.Ordinal) is > 0 and <= 10 and var point && text.Length == point + 7
        && long.TryParse(text.AsSpan(0, point), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && int.TryParse(text.AsSpan(point + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(microseconds)
            : null;

    private static string Write(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
