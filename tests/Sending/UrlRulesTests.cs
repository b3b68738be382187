namespace Webhooks.Sending;

public sealed class UrlRulesTests
{
    private readonly UrlRules _rules = new(new SendingOptions());
    private readonly UrlRules _development = new(new SendingOptions { AllowInsecureUrls = true, AllowedAddresses = "127.0.0.0/8" });

    [Theory]
    [InlineData("https://example.com")]
    [InlineData("https://example.com/hooks?tenant=7&mail=a@b")]
    [InlineData("https://example.com:8443/hooks")]
    [InlineData("HTTPS://EXAMPLE.com/a/../b")]
    [InlineData("https://bücher.example/hooks")]
    [InlineData("https://8.8.8.8/hooks")]
    [InlineData("https://[2606:4700::1111]/hooks")]
    [InlineData("https://intranet/hooks")] // a name says nothing before it is looked up
    [InlineData("https://localhost/hooks")]
    public void A_public_https_URL_is_accepted(string url) => Assert.Null(_rules.FindFault(url));

    [Theory]
    [InlineData("")]
    [InlineData("/hooks")]
    [InlineData("example.com/hooks")]
    [InlineData("//example.com/hooks")]
    [InlineData("ftp://example.com/hooks")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("https:example.com")]
    [InlineData("https:///hooks")]
    [InlineData("https://")]
    [InlineData("https://:443/")]
    [InlineData("https://exa mple.com/")]
    [InlineData(" https://example.com/")]
    [InlineData("https://example.com/\r\nHost: evil")]
    [InlineData("https:\\\\example.com\\hooks")]
    [InlineData("https://example.com\\@127.0.0.1/")]
    [InlineData("https://example.com:99999/")]
    [InlineData("https://[::1/")]
    [InlineData("https://a..b/")]
    [InlineData("https://xn--é.com/")]
    [InlineData("https://%31%32%37.0.0.1/")]
    public void What_is_no_absolute_http_URL_is_refused(string url) =>
        Assert.Equal("The URL is not an absolute http or https URL.", _rules.FindFault(url));

    [Theory]
    [InlineData("https://user@example.com/")]
    [InlineData("https://user:secret@example.com/")]
    [InlineData("https://@example.com/")]
    public void A_user_name_is_refused(string url) =>
        Assert.Equal("The URL must not carry a user name or password.", _rules.FindFault(url));

    [Theory]
    [InlineData("https://example.com/#top")]
    [InlineData("https://example.com/#")]
    [InlineData("https://example.com#@127.0.0.1/")]
    public void A_fragment_is_refused(string url) =>
        Assert.Equal("The URL must not have a fragment.", _rules.FindFault(url));

    [Fact]
    public void Port_0_is_refused() =>
        Assert.Equal("The URL's port must not be 0.", _rules.FindFault("https://example.com:0/"));

    [Fact]
    public void Plain_http_is_refused_unless_allowed()
    {
        Assert.Equal("The URL must be https.", _rules.FindFault("http://example.com/"));
        Assert.Null(_development.FindFault("http://example.com/"));
    }

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://10.0.0.7/")]
    public void An_address_is_judged_by_the_connection_and_not_here(string url) => Assert.Null(_rules.FindFault(url));

    [Fact]
    public void Length_is_limited_to_2048_characters()
    {
        var longest = "https://example.com/".PadRight(2048, 'a');

        Assert.Null(_rules.FindFault(longest));
        Assert.Equal("The URL is longer than 2048 characters.", _rules.FindFault(longest + "a"));
    }
}
