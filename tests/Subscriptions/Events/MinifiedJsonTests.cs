using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class MinifiedJsonTests
{
    [Theory]
    [InlineData(" { } ", "{}")]
    [InlineData("[ ]", "[]")]
    [InlineData("{ \"b\" : 1 , \"a\" : [ 1 , { } , [ ] , 2 ] , \"b\" : null }", """{"b":1,"a":[1,{},[],2],"b":null}""")]
    [InlineData("[1000.0,1E3,-0,1e+3,0.10,12345678901234567890]", "[1000.0,1E3,-0,1e+3,0.10,12345678901234567890]")]
    [InlineData("""  "plain"  """, "\"plain\"")]
    [InlineData("7", "7")]
    [InlineData("""["\/","\u00e9","\u00E9","\u0022","\u005c","\u003c\u003e\u0026\u0027"]""", """["/","é","é","\"","\\","<>&'"]""")]
    [InlineData("""["\u0008\u000c\u000a\u000d\u0009","\b\f\n\r\t","\u0000\u001F\u000b"]""", """["\b\f\n\r\t","\b\f\n\r\t","\u0000\u001f\u000b"]""")]
    [InlineData("""["\ud83d\ude00","\uD83D\uDE00","😀"]""", """["😀","😀","😀"]""")]
    [InlineData("""["\uD800","\uDC00\uD800","\ud83d\ud83d\ude00","\ud83dx\ude00","\ud83d\n"]""", """["\ud800","\udc00\ud800","\ud83d😀","\ud83dx\ude00","\ud83d\n"]""")]
    [InlineData("""["\u007f\u2028\u2029\ufeff\uffff"]""", "[\"\u007f\u2028\u2029\ufeff\uffff\"]")]
    [InlineData("""{"\u0061\/":{"\ud800":1}}""", """{"a/":{"\ud800":1}}""")]
    public void A_value_is_spelled_the_one_way(string source, string expected) => Assert.Equal(expected, Minify(source).Text);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("\"a\"", 0)]
    [InlineData("{}", 1)]
    [InlineData("""{"a":[],"b":[{}],"c":{}}""", 3)]
    public void Its_nesting_is_told(string source, int expected) => Assert.Equal(expected, Minify(source).Depth);

    [Fact]
    public void Any_spelling_of_a_value_becomes_the_one() =>
        Prop.ForAll(SpelledJson.Any.ToArbitrary(), json => Minify(json.Source).Text == json.Minified)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void What_is_minified_stays_as_it_is() =>
        Prop.ForAll(SpelledJson.Any.ToArbitrary(), json => Minify(json.Minified).Text == json.Minified).QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_gets_longer() =>
        Prop.ForAll(SpelledJson.Any.ToArbitrary(), json => Encoding.UTF8.GetByteCount(Minify(json.Source).Text) <= Encoding.UTF8.GetByteCount(json.Source))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Text_is_spelled_like_strings_in_JSON() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>().Filter(text => text is not null), text =>
        {
            var output = new ArrayBufferWriter<byte>();
            output.Append(text);
            var escaped = string.Concat(text.Select(unit => $"\\u{(int)unit:x4}"));
            return Encoding.UTF8.GetString(output.WrittenSpan) == Minify($"\"{escaped}\"").Text;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void A_half_surrogate_in_text_is_escaped()
    {
        var output = new ArrayBufferWriter<byte>();
        output.Append("é\ud800😀\udc00");

        Assert.Equal("\"é\\ud800😀\\udc00\"", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"a":2}}""", "a", "1")]
    [InlineData("""{"b":{"a":2},"c":[{"a":3}]}""", "a", null)]
    [InlineData("""{"a":1.50,"a":{"x":[1E3]}}""", "a", """{"x":[1E3]}""")] // the last counts
    [InlineData("""{"a":null}""", "a", "null")]
    [InlineData("""{"\ud800":1,"a":"é"}""", "a", "\"é\"")]
    [InlineData("{}", "a", null)]
    public void A_member_is_found_with_its_spelling(string json, string name, string? expected) => Assert.Equal(
        expected, JsonMember.Find(Encoding.UTF8.GetBytes(json), name) is { } value ? Encoding.UTF8.GetString(value.Span) : null);

    private static (string Text, int Depth) Minify(string source)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(source));
        reader.Read();
        var output = new ArrayBufferWriter<byte>();
        var depth = MinifiedJson.Copy(ref reader, output);
        return (Encoding.UTF8.GetString(output.WrittenSpan), depth);
    }
}
