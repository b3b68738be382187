using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Limits;

namespace Webhooks.CallbackIngest.Tests.Keys;

public sealed class KeyRulesTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);
    private static readonly byte[] Content = [1];
    private static readonly byte[] OtherContent = [2];

    [Fact]
    public void A_new_key_is_free() => Assert.Null(Decide(row: null, Content));

    [Fact]
    public void A_new_key_beyond_the_limit_is_limited() =>
        Assert.IsType<KeyOutcome.Limited>(KeyRules.Decide(row: null, Content, Now, new MinuteWindow(1, 1, Now)));

    [Theory]
    [InlineData("accepted")]
    [InlineData("applied")]
    public void What_is_done_is_replayed_whatever_the_limit(string status) =>
        Assert.IsType<KeyOutcome.Replayed>(KeyRules.Decide(Row(status), Content, Now, new MinuteWindow(1, 1, Now)));

    [Theory]
    [InlineData("reserved")]
    [InlineData("accepted")]
    [InlineData("applied")]
    [InlineData("failed")]
    public void Other_content_is_refused_in_every_state(string status) => Assert.IsType<KeyOutcome.Reused>(Decide(Row(status), OtherContent));

    [Fact]
    public void What_failed_is_free_again() => Assert.Null(Decide(Row("failed"), Content));

    [Fact]
    public void A_reserved_key_is_free_when_its_lease_ends()
    {
        Assert.IsType<KeyOutcome.InProgress>(Decide(Row("reserved", Now.AddTicks(1)), Content));
        Assert.Null(Decide(Row("reserved", Now), Content));
    }

    private static KeyOutcome? Decide(KeyRow? row, byte[] content) => KeyRules.Decide(row, content, Now, new MinuteWindow(60, 0, null));

    private static KeyRow Row(string status, DateTimeOffset? leaseUntil = null) => new(Guid.NewGuid(), status, Content, leaseUntil ?? Now.AddSeconds(10));
}
