using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Limits;

namespace Webhooks.CallbackIngest.Tests.Keys;

public sealed class KeyRulesTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);
    private static readonly byte[] Content = [1];
    private static readonly byte[] OtherContent = [2];
    private const string Subject = "exc_001";

    [Fact]
    public void A_new_key_is_free() => Assert.Null(Decide(row: null, Content));

    [Fact]
    public void A_new_key_beyond_the_limit_is_limited() =>
        Assert.IsType<KeyOutcome.Limited>(KeyRules.Decide(row: null, told: null, Content, webhookAbout: null, Now, new MinuteWindow(1, 1, Now)));

    [Theory]
    [InlineData("accepted")]
    [InlineData("applied")]
    public void What_is_done_is_replayed_whatever_the_limit(string status) =>
        Assert.IsType<KeyOutcome.Replayed>(KeyRules.Decide(Row(status), told: null, Content, webhookAbout: null, Now, new MinuteWindow(1, 1, Now)));

    [Theory]
    [InlineData("reserved")]
    [InlineData("accepted")]
    [InlineData("applied")]
    [InlineData("failed")]
    public void Other_content_is_refused_in_every_state(string status) => Assert.IsType<KeyOutcome.Reused>(Decide(Row(status), OtherContent));

    [Fact]
    public void A_webhook_that_was_not_carried_out_may_come_again_in_other_words_and_about_nothing_else()
    {
        Assert.Null(Decide(Row("failed"), OtherContent, Subject));
        Assert.Null(Decide(Row("reserved", Now), OtherContent, Subject));
        Assert.IsType<KeyOutcome.InProgress>(Decide(Row("reserved"), OtherContent, Subject));
        Assert.Null(Uncommanded(Row("failed"), told: null, OtherContent));

        Assert.All(["accepted", "applied"], status => Assert.IsType<KeyOutcome.Reused>(Decide(Row(status), OtherContent, Subject)));
        Assert.All(["failed", "reserved"], status => Assert.IsType<KeyOutcome.Reused>(Decide(Row(status, Now), OtherContent, "exc_002")));
    }

    [Fact]
    public void What_failed_is_free_again() => Assert.Null(Decide(Row("failed"), Content));

    [Fact]
    public void A_reserved_key_is_free_when_its_lease_ends()
    {
        Assert.IsType<KeyOutcome.InProgress>(Decide(Row("reserved", Now.AddTicks(1)), Content));
        Assert.Null(Decide(Row("reserved", Now), Content));
    }

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(1, 1)]
    [InlineData(12.3, 13)]
    public void Who_comes_too_early_hears_what_is_left_of_the_lease(double left, int seconds)
    {
        var progress = Assert.IsType<KeyOutcome.InProgress>(Decide(Row("reserved", Now.AddSeconds(left)), Content));

        Assert.Equal(seconds, Math.Ceiling(progress.RetryAfter.TotalSeconds));
    }

    [Fact]
    public void What_was_told_of_may_become_a_command_and_other_content_may_not()
    {
        Assert.Null(KeyRules.Decide(row: null, new ToldRow(Content), Content, Subject, Now, Room));
        Assert.Null(KeyRules.Decide(row: null, new ToldRow(Fingerprint: null), Content, Subject, Now, Room));
        Assert.IsType<KeyOutcome.Reused>(KeyRules.Decide(row: null, new ToldRow(Content), OtherContent, Subject, Now, Room));
    }

    [Fact]
    public void What_is_no_command_is_told_of_once_and_never_under_the_key_of_other_content()
    {
        Assert.Null(Uncommanded(row: null, told: null, Content));
        Assert.Null(Uncommanded(Row("failed"), told: null, Content));
        Assert.Equal(new KeyOutcome.Told(Before: true), Uncommanded(row: null, new ToldRow(Content), Content));
        Assert.Equal(new KeyOutcome.Told(Before: true), Uncommanded(row: null, new ToldRow(Fingerprint: null), Content));
        Assert.IsType<KeyOutcome.Reused>(Uncommanded(row: null, new ToldRow(Content), OtherContent));
        Assert.IsType<KeyOutcome.Reused>(Uncommanded(Row("accepted"), told: null, OtherContent));
        Assert.IsType<KeyOutcome.Replayed>(Uncommanded(Row("accepted"), told: null, Content));
        Assert.IsType<KeyOutcome.InProgress>(Uncommanded(Row("reserved"), told: null, Content));
        Assert.IsType<KeyOutcome.Limited>(KeyRules.DecideUncommanded(row: null, told: null, Content, Now, new MinuteWindow(1, 1, Now)));
    }

    private static MinuteWindow Room => new(60, 0, null);

    private static KeyOutcome? Uncommanded(KeyRow? row, ToldRow? told, byte[] content) => KeyRules.DecideUncommanded(row, told, content, Now, Room);

    private static KeyOutcome? Decide(KeyRow? row, byte[] content, string? webhookAbout = null) => KeyRules.Decide(row, told: null, content, webhookAbout, Now, Room);

    private static KeyRow Row(string status, DateTimeOffset? leaseUntil = null) => new(Guid.NewGuid(), status, Content, Subject, leaseUntil ?? Now.AddSeconds(10));
}
