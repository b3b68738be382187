using System.Globalization;
using System.Numerics;

namespace Webhooks.Subscriptions.Json;

/// <summary>
/// A JSON number as it is written, exactly: amounts of money must not be compared as binary fractions, and no .NET type
/// holds all that JSON can spell.
/// </summary>
internal sealed class JsonNumber
{
    private readonly int _sign;
    private readonly string _digits;
    private readonly BigInteger _exponent;

    // The value is sign × 0.digits × 10^exponent, without zeros at either end of the digits.
    private JsonNumber(int sign, string digits, BigInteger exponent) => (_sign, _digits, _exponent) = (sign, digits, exponent);

    /// <param name="text">Valid JSON.</param>
    public static JsonNumber Parse(ReadOnlySpan<char> text)
    {
        var isNegative = text[0] == '-';
        var mantissa = text[(isNegative ? 1 : 0)..];
        var exponent = BigInteger.Zero;
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

    /// <summary>The same for all spellings of a number, and for no other.</summary>
    public override string ToString() => _sign == 0 ? "0" : $"{(_sign < 0 ? "-" : "")}0.{_digits}e{ExponentText}";

    // As long as an event, it would take a minute to be written in tens. Of a usual length it is: what is hashed stays what it was.
    private string ExponentText => _exponent.GetBitLength() < 64
        ? _exponent.ToString(CultureInfo.InvariantCulture)
        : "x" + _exponent.ToString("x", CultureInfo.InvariantCulture);

    // An exponent is as long as its sender likes.
    private static BigInteger ParseExponent(ReadOnlySpan<char> text) => BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
