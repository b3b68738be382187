using System.Globalization;
using System.Numerics;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Tests.Shaping;

public sealed class JsonNumberTests
{
    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("1000", "1E3")]
    [InlineData("0.001", "1e-3")]
    [InlineData("-0", "0")]
    [InlineData("0e99", "0.00")]
    [InlineData("120", "12e1")]
    [InlineData("0.0120", "1.2E-2")]
    [InlineData("1e99999999999999999999999", "10E+99999999999999999999998")]
    [InlineData("1e-99999999999999999999999", "0.1E-99999999999999999999998")]
    public void Another_spelling_is_the_same_number(string one, string other)
    {
        Assert.Equal(0, Compare(one, other));
        Assert.Equal(0, Compare(other, one));
        Assert.Equal(JsonNumber.Parse(one).ToString(), JsonNumber.Parse(other).ToString());
    }

    [Theory]
    [InlineData("0.1", "0.10000000000000000000000000000000000000001")]
    [InlineData("9007199254740992", "9007199254740993")]
    [InlineData("-1", "0")]
    [InlineData("-2", "-1")]
    [InlineData("-0.1", "0.01")]
    [InlineData("9", "10")]
    [InlineData("1e400", "1e401")]
    [InlineData("-1e401", "-1e400")]
    [InlineData("1e-99999999999999999999999", "1e99999999999999999999999")]
    [InlineData("1e9223372036854775806", "1e9223372036854775807")]
    [InlineData("1e-99999999999999999999999", "1e-99999999999999999999998")]
    [InlineData("99.99", "1e2")]
    public void Order_is_exact_at_any_length(string smaller, string larger)
    {
        Assert.True(Compare(smaller, larger) < 0);
        Assert.True(Compare(larger, smaller) > 0);
        Assert.NotEqual(JsonNumber.Parse(larger).ToString(), JsonNumber.Parse(smaller).ToString());
    }

    [Fact]
    public void Order_is_that_of_exact_fractions_for_any_two_numbers()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 20_000; round++)
        {
            var (one, other) = (Spell(random), Spell(random));
            Assert.True(Math.Sign(Exact(one).CompareTo(Exact(other))) == Math.Sign(Compare(one, other)), $"{one} and {other}");
            Assert.True(Exact(one) == Exact(other) == (JsonNumber.Parse(one).ToString() == JsonNumber.Parse(other).ToString()), $"{one} and {other}");
        }
    }

    private static int Compare(string one, string other) => JsonNumber.Compare(JsonNumber.Parse(one), JsonNumber.Parse(other));

    private static string Spell(Random random)
    {
        var whole = random.Next(3) == 0 ? "0" : random.Next(1, 200).ToString(CultureInfo.InvariantCulture);
        var fraction = random.Next(2) == 0 ? "" : "." + random.Next(0, 300).ToString("D3", CultureInfo.InvariantCulture);
        var exponent = random.Next(2) == 0 ? "" : $"{(random.Next(2) == 0 ? "e" : "E")}{(random.Next(2) == 0 ? "" : "+")}{random.Next(0, 4)}";
        exponent = random.Next(4) == 0 ? "e-" + random.Next(0, 4) : exponent;
        return (random.Next(2) == 0 ? "-" : "") + whole + fraction + exponent;
    }

    // In thousand-thousandths times the exponent's range: every number above is whole then.
    private static BigInteger Exact(string number)
    {
        var parts = number.Split('e', 'E');
        var exponent = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var mantissa = parts[0].Split('.');
        var digits = mantissa[0] + (mantissa.Length == 2 ? mantissa[1] : "000");
        return BigInteger.Parse(digits, CultureInfo.InvariantCulture) * BigInteger.Pow(10, exponent + 10);
    }
}
