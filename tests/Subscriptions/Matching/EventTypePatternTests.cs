using Webhooks.Subscriptions.Matching;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventTypePatternTests
{
    [Theory]
    [InlineData("exception.created", "exception.created", true)]
    [InlineData("exception.created", "exception.created.late", false)]
    [InlineData("exception.created", "exception", false)]
    [InlineData("exception", "exception", true)]
    [InlineData("exception.*", "exception.created", true)]
    [InlineData("exception.*", "exception.sla.breach", true)] // any depth
    [InlineData("exception.*", "exception", false)] // not itself
    [InlineData("exception.*", "exceptional.created", false)]
    [InlineData("exception.sla.*", "exception.sla.breach", true)]
    [InlineData("exception.sla.*", "exception.created", false)]
    [InlineData("*", "exception.created", true)]
    [InlineData("*", "ping", true)]
    [InlineData("*", "webhook.test", false)]
    [InlineData("*", "webhook", true)] // only what is below it is reserved
    [InlineData("*", "webhooks.created", true)]
    [InlineData("webhook.*", "webhook.test", true)]
    [InlineData("webhook.test", "webhook.test", true)]
    [InlineData("webhook.a.*", "webhook.a.b", true)]
    public void A_pattern_matches_the_types_that_it_names(string pattern, string type, bool matches) =>
        Assert.Equal(matches, EventTypePattern.Parse(pattern).Matches(type));

    [Theory]
    [InlineData("a")]
    [InlineData("a.b_c.0")]
    [InlineData("a.*")]
    [InlineData("a.b.*")]
    [InlineData("*")]
    public void A_type_or_a_type_with_a_star_or_a_star_is_a_pattern(string text)
    {
        Assert.True(EventTypePattern.TryParse(text, out var pattern));
        Assert.Equal(text, pattern.Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(".*")]
    [InlineData("**")]
    [InlineData("*.")]
    [InlineData("*.*")]
    [InlineData("*.created")]
    [InlineData("a*")]
    [InlineData("a.*.b")]
    [InlineData("a.*.*")]
    [InlineData("a.**")]
    [InlineData("a..*")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("A.b")]
    [InlineData("a b")]
    [InlineData("a.#")]
    [InlineData(" *")]
    public void Nothing_else_is_a_pattern(string? text)
    {
        Assert.False(EventTypePattern.IsValid(text));
        Assert.Throws<FormatException>(() => EventTypePattern.Parse(text!));
    }

    [Fact]
    public void A_pattern_may_name_the_longest_type()
    {
        var longest = new string('a', 128);

        Assert.True(EventTypePattern.IsValid(longest));
        Assert.False(EventTypePattern.IsValid(longest + "a"));
        Assert.True(EventTypePattern.IsValid(longest[..126] + ".*"));
    }
}
