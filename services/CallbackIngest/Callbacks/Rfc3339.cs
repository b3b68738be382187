using System.Globalization;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>
/// Times as RFC 3339 writes them. .NET's own readers stop at seven decimals, where systems in Go or Java write nine, and
/// take forms for granted that the RFC has not. The time is given in UTC. What is finer than .NET's 100 ns is cut off. A leap second, which there is
/// only at the end of a UTC day, counts as the second before.
/// </summary>
internal static class Rfc3339
{
    /// <summary>Characters.</summary>
    public const int Longest = 256;

    private const int MostDecimals = 7;
    private const int DateLength = 10;
    private const int SecondsLength = 19;

    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length is <= SecondsLength or > Longest || text[DateLength] is not ('T' or 't' or ' '))
        {
            return false;
        }

        var rest = text.AsSpan(SecondsLength);
        var decimals = ReadOnlySpan<char>.Empty;
        if (rest[0] == '.')
        {
            var end = rest[1..].IndexOfAnyExceptInRange('0', '9');
            if (end <= 0)
            {
                return false;
            }

            decimals = rest[1..(1 + Math.Min(end, MostDecimals))];
            rest = rest[(1 + end)..];
        }

        var seconds = text.AsSpan(DateLength + 1, SecondsLength - DateLength - 1);
        var isLeap = seconds.EndsWith(":60");
        var inMinute = isLeap ? ":59" : seconds[^3..];
        if (!TryParseOffset(rest, out var offset)
            || !DateTime.TryParseExact(
                $"{text.AsSpan(0, DateLength)}T{seconds[..^3]}{inMinute}.{(decimals.IsEmpty ? "0" : decimals)}",
                "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var local)
            || local.Ticks - offset.Ticks is not (>= 0 and var ticks)
            || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return !isLeap || time is { Hour: 23, Minute: 59 };
    }

    // Not by .NET, which knows no offset beyond 14 hours, and would take one without minutes, too.
    private static bool TryParseOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text is not [('+' or '-') and var sign, .., ':', _, _] || text.Length != "+00:00".Length
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours) || hours > 23
            || !int.TryParse(text[4..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0) * (sign == '-' ? -1 : 1);
        return true;
    }
}
