using Webhooks.Subscriptions.Profiles.Overrides;

namespace Webhooks.Subscriptions.Tests.Profiles.Overrides;

public sealed class HeaderRulesTests
{
    [Theory]
    [InlineData("Authorization")]
    [InlineData("User-Agent")]
    [InlineData("X-Environment")]
    [InlineData("x.odd~but_legal|name")]
    [InlineData("Accept")]
    [InlineData("Idempotency-Key")]
    [InlineData("TEnant")]
    public void A_header_of_the_receivers_own_may_be_named(string name) => Assert.Null(HeaderRules.FaultOfName(name));

    [Theory]
    [InlineData("Connection")]
    [InlineData("keep-alive")]
    [InlineData("Proxy-Authorization")]
    [InlineData("PROXY-ANYTHING")]
    [InlineData("te")]
    [InlineData("Trailer")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("HOST")]
    [InlineData("Content-Type")]
    [InlineData("content-length")]
    [InlineData("Content-Whatever")]
    [InlineData("Expect")]
    [InlineData("Date")]
    [InlineData("Cookie")]
    [InlineData("Accept-Encoding")]
    [InlineData("Traceparent")]
    [InlineData("tracestate")]
    [InlineData("Expires")]
    [InlineData("Allow")]
    [InlineData("Last-Modified")]
    [InlineData("")]
    [InlineData("X Y")]
    [InlineData("X:Y")]
    [InlineData("X-Größe")]
    [InlineData("X\r\nY")]
    public void A_header_of_the_protocol_and_what_is_no_name_are_refused(string name) => Assert.NotNull(HeaderRules.FaultOfName(name));

    [Fact]
    public void Names_and_values_have_a_greatest_length()
    {
        Assert.Null(HeaderRules.FaultOfName(new string('x', 128)));
        Assert.NotNull(HeaderRules.FaultOfName(new string('x', 129)));
        Assert.Null(HeaderRules.FaultOfValue(new string('x', 2048)));
        Assert.NotNull(HeaderRules.FaultOfValue(new string('x', 2049)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\r\nX-Injected: b")]
    [InlineData("a\nb")]
    [InlineData("a\tb")]
    [InlineData("a\0b")]
    [InlineData("Größe")]
    [InlineData(" a")]
    [InlineData("a ")]
    public void A_value_that_HTTP_would_not_carry_as_it_is_is_refused(string value) => Assert.NotNull(HeaderRules.FaultOfValue(value));

    [Theory]
    [InlineData("Authorization", "x", true)]
    [InlineData("X-Api-Key", "x", true)]
    [InlineData("x-access-TOKEN", "x", true)]
    [InlineData("X-Password", "x", true)]
    [InlineData("X-Callback", "Bearer x", true)]
    [InlineData("X-Callback", "basic x", true)]
    [InlineData("X-Callback", "whsec_x", true)]
    [InlineData("X-Environment", "production", false)]
    [InlineData("User-Agent", "Acme/1.0", false)]
    public void What_lets_its_bearer_in_is_told_from_what_does_not(string name, string value, bool isCredential) =>
        Assert.Equal(isCredential, HeaderRules.IsCredential(name, value));

    [Fact]
    public void A_signature_is_not_carried_by_the_user_agent() => Assert.NotNull(HeaderRules.FaultOfSignatureName("user-agent"));
}
