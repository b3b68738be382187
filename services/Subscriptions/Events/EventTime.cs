using System.Globalization;

namespace Webhooks.Subscriptions.Events;

/// <summary>
/// The moment that an event's timestamp names, floored to milliseconds. Read by hand because .NET's own readers take
/// local times and other forms for granted, and stop at seven decimals where publishers in Go or Java write nine.
/// </summary>
public readonly record struct EventTime(long UnixSeconds, int Milliseconds)
{
    private const int MaxLength = 64;
    private const string DateAndMinute = "0000-00-00T00:00";
    private static readonly long FirstSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public static EventTime From(DateTimeOffset moment)
    {
        var milliseconds = moment.ToUnixTimeMilliseconds();
        var seconds = moment.ToUnixTimeSeconds();
        return new EventTime(seconds, (int)(milliseconds - (seconds * 1000)));
    }

    /// <summary>
    /// Reads ISO 8601's extended form with an offset: <c>2024-01-20T10:30[:00[.123…]](Z|±01[[:]00])</c>.
    /// False for anything else, and for dates that do not exist.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EventTime time)
    {
        time = default;
        if (text.Length > MaxLength || !TryReadMinute(text, out var minute))
        {
            return false;
        }

        var rest = text[DateAndMinute.Length..];
        if (!TryReadSeconds(ref rest, out var second, out var milliseconds) || !TryReadOffset(rest, out var offsetMinutes))
        {
            return false;
        }

        var unixSeconds = new DateTimeOffset(minute, TimeSpan.Zero).ToUnixTimeSeconds() + second - (offsetMinutes * 60L);
        time = new EventTime(unixSeconds, milliseconds);
        return unixSeconds >= FirstSecond && unixSeconds <= LastSecond;
    }

    /// <summary>UTC with three decimals: <c>2024-01-20T10:30:00.000Z</c>.</summary>
    public override string ToString() =>
        DateTimeOffset.FromUnixTimeSeconds(UnixSeconds).AddMilliseconds(Milliseconds)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static bool TryReadMinute(ReadOnlySpan<char> text, out DateTime minute)
    {
        minute = default;
        if (text.Length < DateAndMinute.Length
            || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':'
            || !TryReadNumber(text[..4], out var year) || !TryReadNumber(text[5..7], out var month)
            || !TryReadNumber(text[8..10], out var day) || !TryReadNumber(text[11..13], out var hour)
            || !TryReadNumber(text[14..16], out var minuteOfHour)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minuteOfHour > 59)
        {
            return false;
        }

        minute = new DateTime(year, month, day, hour, minuteOfHour, 0, DateTimeKind.Unspecified);
        return true;
    }

    /// <summary>Takes <c>:00</c> or <c>:00.123…</c> off the front, if it is there.</summary>
    private static bool TryReadSeconds(ref ReadOnlySpan<char> text, out int second, out int milliseconds)
    {
        second = 0;
        milliseconds = 0;
        if (text is not [':', ..])
        {
            return true;
        }

        if (text.Length < 3 || !TryReadNumber(text[1..3], out second) || second > 59)
        {
            return false;
        }

        text = text[3..];
        if (text is not ['.', ..])
        {
            return true;
        }

        var digits = text[1..];
        var count = digits.IndexOfAnyExceptInRange('0', '9') is var end && end >= 0 ? end : digits.Length;
        for (var index = 0; index < 3; index++)
        {
            milliseconds = (milliseconds * 10) + (index < count ? digits[index] - '0' : 0);
        }

        text = digits[count..];
        return count > 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is ['Z'])
        {
            return true;
        }

        if (text is not ['+' or '-', ..] || text.Length < 3 || !TryReadNumber(text[1..3], out var hours) || hours > 23)
        {
            return false;
        }

        var rest = text[3..] is [':', _, ..] and var colon ? colon[1..] : text[3..];
        var minutesOfHour = 0;
        if (rest.Length > 0 && (rest.Length != 2 || !TryReadNumber(rest, out minutesOfHour) || minutesOfHour > 59))
        {
            return false;
        }

        minutes = ((hours * 60) + minutesOfHour) * (text[0] is '-' ? -1 : 1);
        return true;
    }

    // NumberStyles.None: digits only, no sign and no white space.
    private static bool TryReadNumber(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
