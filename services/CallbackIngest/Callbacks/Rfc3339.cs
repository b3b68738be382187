using System.Globalization;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>
/// Times as RFC 3339 writes them. .NET's own readers stop at seven decimals, where systems in Go or Java write nine, and
/// take forms for granted that the RFC has not. What is finer than .NET's 100 ns is cut off. A leap second, which there is
/// only at the end of a UTC day, counts as the second before.
/// </summary>
internal static class Rfc3339
{
    private const int Longest = 64;
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
        ReadOnlySpan<char> offset = rest is "Z" or "z" ? "+00:00" : rest;
        // "zzz" would take an offset without minutes, too.
        return offset.Length == "+00:00".Length
            && DateTimeOffset.TryParseExact(
                $"{text.AsSpan(0, DateLength)}T{seconds[..^3]}{inMinute}.{(decimals.IsEmpty ? "0" : decimals)}{offset}",
                "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out time)
            && (!isLeap || time.UtcDateTime is { Hour: 23, Minute: 59 });
    }
}
