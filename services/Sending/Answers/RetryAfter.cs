using System.Globalization;

namespace Webhooks.Sending.Answers;

/// <summary>Reads the header with which a receiver asks for time.</summary>
internal static class RetryAfter
{
    /// <summary>The only undercut of a receiver's wish: a header cannot put a delivery off for weeks.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    // RFC 9110 5.6.7: the fixed form, and the two that old servers still send.
    private static readonly string[] DateForms =
        ["ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <returns>Null where the value says nothing usable: garbage, negative, zero or past.</returns>
    public static TimeSpan? Read(string value, DateTimeOffset now)
    {
        value = value.Trim();
        var wait = IsDigits(value) ? Seconds(value) : Until(value, now);
        return wait > Longest ? Longest : wait > TimeSpan.Zero ? wait : null;
    }

    private static bool IsDigits(string value) => value.Length > 0 && value.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;

    private static TimeSpan Seconds(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.MaxValue;

    private static TimeSpan? Until(string date, DateTimeOffset now) =>
        DateTimeOffset.TryParseExact(
            date, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite, out var then)
            ? then - now
            : null;
}
