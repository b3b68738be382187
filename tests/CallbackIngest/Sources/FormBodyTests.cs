using System.Text;
using Webhooks.Sources.Mapping;

namespace Webhooks.CallbackIngest.Tests.Sources;

public sealed class FormBodyTests
{
    [Theory]
    [InlineData("a=1&b=two+words&c=%C3%A9%26%3D&d=", """{"a":"1","b":"two words","c":"é&=","d":""}""")]
    [InlineData("a%20b=x=y", """{"a b":"x=y"}""")]
    [InlineData("flag&a=1&", """{"flag":"","a":"1"}""")]
    [InlineData("", "{}")]
    [InlineData("payload=x&a=1", """{"payload":"x","a":"1"}""")]
    [InlineData("é=é", """{"é":"é"}""")]
    public void A_form_is_an_object_of_texts(string form, string expected)
    {
        Assert.True(FormBody.TryRead(Encoding.UTF8.GetBytes(form), payloadIsBody: true, out var body, out _));
        Assert.Equal(expected, body!.Value.GetRawText());
    }

    [Theory]
    [InlineData("payload=%7B%22a%22%3A1%7D", true, """{"a":1}""")]
    [InlineData("payload={\"a\":1}", true, """{"a":1}""")]
    [InlineData("payload=%7B%22a%22%3A1%7D", false, """{"payload":"{\u0022a\u0022:1}"}""")]
    [InlineData("payload=%5B1%5D", true, null)]
    [InlineData("payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D", true, null)]
    [InlineData("payload=", true, null)]
    public void What_a_form_carries_as_its_payload_is_the_body_where_the_kind_says_so(string form, bool payloadIsBody, string? expected)
    {
        Assert.True(FormBody.TryRead(Encoding.UTF8.GetBytes(form), payloadIsBody, out var body, out _));
        Assert.Equal(expected?.Replace("\\u0022", "\\\"", StringComparison.Ordinal), body?.GetRawText());
    }

    [Theory]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%zz")]
    [InlineData("%G1=a")]
    [InlineData("a=%C3")]
    [InlineData("a=%ED%A0%80")]
    [InlineData("a=%FF")]
    [InlineData("a=1&a=1")]
    [InlineData("a=1&%61=2")]
    public void What_two_readers_could_read_differently_is_refused(string form)
    {
        Assert.False(FormBody.TryRead(Encoding.UTF8.GetBytes(form), payloadIsBody: false, out _, out var fault));
        Assert.EndsWith(".", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_and_too_many_members_are_refused()
    {
        Assert.False(FormBody.TryRead([(byte)'a', (byte)'=', 0xC3], payloadIsBody: false, out _, out _));
        Assert.True(FormBody.TryRead(Encoding.UTF8.GetBytes(Members(FormBody.MostMembers)), payloadIsBody: false, out _, out _));
        Assert.False(FormBody.TryRead(Encoding.UTF8.GetBytes(Members(FormBody.MostMembers + 1)), payloadIsBody: false, out _, out var fault));
        Assert.Contains("100", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", true)]
    [InlineData("Application/X-WWW-Form-URLEncoded; charset=utf-8", true)]
    [InlineData("application/json", false)]
    [InlineData("multipart/form-data; boundary=x", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_form_says_so(string? contentType, bool expected) => Assert.Equal(expected, FormBody.Is(contentType));

    private static string Members(int count) => string.Join('&', Enumerable.Range(0, count).Select(number => $"m{number}=x"));
}
