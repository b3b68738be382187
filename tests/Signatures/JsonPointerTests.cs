using System.Text;
using Webhooks.Signatures.Templates;

namespace Webhooks.Signatures.Tests;

public sealed class JsonPointerTests
{
    // RFC 6901 section 5; \u0022 and \u005c are what C# and JSON share.
    private const string RfcDocument =
        """{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}""";

    [Theory]
    [InlineData("", RfcDocument)]
    [InlineData("/foo", """["bar","baz"]""")]
    [InlineData("/foo/0", "bar")]
    [InlineData("/", "0")]
    [InlineData("/a~1b", "1")]
    [InlineData("/c%d", "2")]
    [InlineData("/e^f", "3")]
    [InlineData("/g|h", "4")]
    [InlineData("/i\\j", "5")]
    [InlineData("/k\"l", "6")]
    [InlineData("/ ", "7")]
    [InlineData("/m~0n", "8")]
    public void The_examples_of_the_RFC_resolve(string path, string expected) => Assert.Equal(expected, Resolve(path, RfcDocument));

    [Theory]
    [InlineData("/n", "1000.0")]
    [InlineData("/e", "1E3")]
    [InlineData("/big", "123456789012345678901234567890")]
    [InlineData("/t", "true")]
    [InlineData("/z", "null")]
    [InlineData("/s", "a\"b\u00e9\n")]
    [InlineData("/é", "✓")]
    [InlineData("/o", "{ \"a\" : 1.0 }")]
    [InlineData("/empty", "")]
    public void A_string_gives_its_text_and_anything_else_its_spelling(string path, string expected) => Assert.Equal(expected, Resolve(
        path,
        """{"n":1000.0,"e" : 1E3 ,"big":123456789012345678901234567890,"t":true,"z":null,"s":"a\"b\u00e9\n","\u00e9":"✓","o":{ "a" : 1.0 },"empty":""}"""));

    [Theory]
    [InlineData("/a", "{}")]
    [InlineData("/a", "[]")]
    [InlineData("/a", "1")]
    [InlineData("/a/b", """{"a":"b"}""")]
    [InlineData("/2", "[1,2]")]
    [InlineData("/-", "[1,2]")]
    [InlineData("/01", "[1,2]")]
    [InlineData("/99999999999", "[1,2]")]
    [InlineData("/a", """{"b":{"a":1}}""")]
    public void What_is_not_there_does_not_resolve(string path, string json) => Assert.Null(Resolve(path, json));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"a":1""")]
    [InlineData("""{"a":1}}""")]
    [InlineData("""{"a":1} 2""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{"a":1/**/}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"a":1}""")]
    [InlineData("\ufeff{\"a\":1}")]
    public void Nothing_resolves_in_what_is_not_JSON(string json) => Assert.Null(Resolve("/a", json));

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    public void A_member_that_is_there_twice_does_not_resolve(string json) => Assert.Null(Resolve("/a", json));

    [Theory]
    [InlineData(500, true)]
    [InlineData(513, false)]
    [InlineData(1_000_000, false)]
    public void Depth_is_bounded_and_costs_no_stack(int depth, bool resolves)
    {
        var json = $$"""{"deep":{{new string('[', depth)}}{{new string(']', depth)}},"a":1}""";

        Assert.Equal(resolves ? "1" : null, Resolve("/a", json));
    }

    private static string? Resolve(string path, string json)
    {
        Assert.True(JsonPointer.TryParse(path, out var parsed));
        return parsed.TryResolve(Encoding.UTF8.GetBytes(json), out var value) ? Encoding.UTF8.GetString(value) : null;
    }
}
