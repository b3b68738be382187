using FsCheck;
using FsCheck.Fluent;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Subscriptions.Tests;

public sealed class DelayRoundingTests
{
    // Delays from a tick to ten years, as many short ones as long ones.
    private static readonly Arbitrary<TimeSpan> AnyDelay = (
        from magnitude in Gen.Choose(0, 14)
        from part in Gen.Choose(1, 1_000_000)
        select TimeSpan.FromTicks(Math.Max(1, (long)(Math.Pow(10, magnitude) * part / 30_000)))).ToArbitrary();

    private static readonly Arbitrary<TimeSpan> AnyLongDelay =
        AnyDelay.Filter(delay => delay >= TimeSpan.FromMilliseconds(DelayRounding.Shortest));

    [Theory]
    [InlineData(-5, 100)]
    [InlineData(0, 100)]
    [InlineData(0.0001, 100)]
    [InlineData(99.9, 100)]
    [InlineData(100, 100)]
    [InlineData(100.0001, 110)]
    [InlineData(110, 110)]
    [InlineData(111, 120)]
    [InlineData(990, 990)]
    [InlineData(991, 1000)]
    [InlineData(1000, 1000)]
    [InlineData(1001, 1100)]
    [InlineData(5000, 5000)]
    [InlineData(30_000, 30_000)]
    [InlineData(120_000, 120_000)]
    [InlineData(600_000, 600_000)]
    [InlineData(3_600_000, 3_600_000)]
    [InlineData(86_400_000, 87_000_000)]
    public void A_delay_is_rounded_up_to_two_digits(double milliseconds, long expected) =>
        Assert.Equal(expected, DelayRounding.RoundUp(TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond))));

    [Fact]
    public void The_default_schedule_is_exact() =>
        Assert.All(RetryPolicy.Default.Waits, wait => Assert.Equal(wait.TotalMilliseconds, DelayRounding.RoundUp(wait)));

    [Fact]
    public void The_extremes_do_not_overflow()
    {
        Assert.Equal(930_000_000_000_000, DelayRounding.RoundUp(TimeSpan.MaxValue));
        Assert.Equal(100, DelayRounding.RoundUp(TimeSpan.MinValue));
    }

    [Fact]
    public void No_delay_is_early() =>
        Prop.ForAll(AnyDelay, delay => DelayRounding.RoundUp(delay) >= delay.TotalMilliseconds).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void No_delay_is_more_than_a_tenth_late() =>
        Prop.ForAll(AnyLongDelay, delay => DelayRounding.RoundUp(delay) <= delay.TotalMilliseconds * 1.1).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void A_longer_delay_is_not_rounded_to_a_shorter_one() =>
        Prop.ForAll(AnyDelay, AnyDelay, (one, other) => one > other || DelayRounding.RoundUp(one) <= DelayRounding.RoundUp(other))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void What_is_rounded_stays_as_it_is() =>
        Prop.ForAll(AnyDelay, delay => DelayRounding.RoundUp(TimeSpan.FromMilliseconds(DelayRounding.RoundUp(delay))) == DelayRounding.RoundUp(delay))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void A_tenfold_has_at_most_90_delays(int from)
    {
        var step = from / 100;
        var delays = Enumerable.Range(1, 9 * from / step).Select(index => DelayRounding.RoundUp(TimeSpan.FromMilliseconds(from + ((long)index * step))));

        Assert.InRange(delays.Distinct().Count(), 1, 90);
    }
}
