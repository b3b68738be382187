using System.Globalization;

namespace Webhooks.Subscriptions.Json;

/// <summary>
/// A JSON number as it is written, exactly: amounts of money must not be compared as binary fractions, and no .NET type
/// holds all that JSON can spell.
/// </summary>
internal readonly struct JsonNumber
{
    // Beyond this two numbers differ by more digits than an event has bytes; they count as equally far away.
    private const long FarthestExponent = 1_000_000_000_000_000_000;

    private readonly int _sign;
    private readonly string _digits;
    private readonly long _exponent;

    // The value is sign × 0.digits × 10^exponent, without zeros at either end of the digits.
    private JsonNumber(int sign, string digits, long exponent) => (_sign, _digits, _exponent) = (sign, digits, exponent);

    /// <param name="text">Valid JSON.</param>
    public static JsonNumber Parse(ReadOnlySpan<char> text)
    {
        var isNegative = text[0] == '-';
        var mantissa = text[(isNegative ? 1 : 0)..];
        var exponent = 0L;
        if (mantissa.IndexOfAny('e', 'E') is var mark and >= 0)
        {
            exponent = ParseExponent(mantissa[(mark + 1)..]);
            mantissa = mantissa[..mark];
        }

        var point = mantissa.IndexOf('.');
        var whole = point < 0 ? mantissa : mantissa[..point];
        var digits = string.Concat(whole, point < 0 ? "" : mantissa[(point + 1)..]);
        var significant = digits.TrimStart('0');
        exponent += whole.Length - (digits.Length - significant.Length);
        significant = significant.TrimEnd('0');
        return significant.Length == 0 ? new JsonNumber(0, "", 0) : new JsonNumber(isNegative ? -1 : 1, significant, exponent);
    }

    /// <summary>Negative, zero or positive, as usual.</summary>
    public static int Compare(JsonNumber one, JsonNumber other)
    {
        if (one._sign != other._sign)
        {
            return one._sign.CompareTo(other._sign);
        }

        var magnitude = one._exponent != other._exponent ? one._exponent.CompareTo(other._exponent) : string.CompareOrdinal(one._digits, other._digits);
        return one._sign * Math.Sign(magnitude);
    }

    private static long ParseExponent(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            ? Math.Clamp(exponent, -FarthestExponent, FarthestExponent)
            : text[0] == '-' ? -FarthestExponent : FarthestExponent;
}
