using Webhooks.Dispatcher.Retention;

namespace Webhooks.Dispatcher.Tests.Retention;

public sealed class RetentionVerdictTests
{
    private static readonly DateTimeOffset Now = new(2024, 6, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);

    [Fact]
    public void What_is_older_than_the_retention_may_go() =>
        Assert.Equal(new RetentionVerdict.KeepFrom(Now.AddDays(-30)), Of());

    // A second's difference is everybody's; of two clocks the one counts that lets more stay.
    [Theory]
    [InlineData(-59, -59)]
    [InlineData(59, 0)]
    public void The_slower_clock_counts(int minutesOfOurs, int expected) =>
        Assert.Equal(new RetentionVerdict.KeepFrom(Now.AddMinutes(expected).AddDays(-30)), Of(now: Now.AddMinutes(minutesOfOurs)));

    [Theory]
    [InlineData(-61)]
    [InlineData(61)]
    [InlineData(60 * 24 * 400)]
    public void Nothing_goes_while_the_clocks_disagree(int minutesOfOurs) =>
        Assert.Equal(new RetentionVerdict.Distrust(TimeSpan.FromMinutes(Math.Abs(minutesOfOurs))), Of(now: Now.AddMinutes(minutesOfOurs)));

    [Theory]
    [InlineData(8)]
    [InlineData(400)]
    public void Nothing_goes_for_a_day_after_a_leap_of_time(int days) =>
        Assert.Equal(new RetentionVerdict.HoldOff(Now.AddDays(1), TimeSpan.FromDays(days)), Of(seen: Now.AddDays(-days)));

    [Fact]
    public void A_week_of_standing_still_is_no_leap() =>
        Assert.Equal(new RetentionVerdict.KeepFrom(Now.AddDays(-30)), Of(seen: Now.AddDays(-7)));

    [Fact]
    public void It_is_held_off_until_then_and_no_longer()
    {
        Assert.Equal(new RetentionVerdict.HoldOff(Now.AddHours(1), Leap: null), Of(heldUntil: Now.AddHours(1)));
        Assert.Equal(new RetentionVerdict.KeepFrom(Now.AddDays(-30)), Of(heldUntil: Now));
    }

    // A clock that had leapt and was set back: what it held off until is far ahead, and last looked at is too.
    [Fact]
    public void A_clock_that_was_set_right_holds_off_nothing() =>
        Assert.Equal(new RetentionVerdict.KeepFrom(Now.AddDays(-30)), Of(seen: Now.AddDays(400), heldUntil: Now.AddDays(401)));

    private static RetentionVerdict Of(DateTimeOffset? now = null, DateTimeOffset? seen = null, DateTimeOffset? heldUntil = null) =>
        RetentionVerdict.Of(new RetentionClocks(now ?? Now, Now, seen ?? Now.AddSeconds(-10), heldUntil), Retention);
}
