using Webhooks.Dispatcher.Shares;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

public sealed class RetryPaceTests
{
    // So that what passes of the real time meanwhile is nothing beside it.
    private const double Rounding = 0.1;

    private readonly TestClock _clock = new();
    private readonly RetryPace _pace;

    public RetryPaceTests() => _pace = new RetryPace(_clock);

    [Fact]
    public void Without_first_attempts_any_number_begins_at_once() => Assert.Equal(0, SecondsFor(retries: 100_000), Rounding);

    [Fact]
    public void Beside_a_few_first_attempts_a_thousand_begin_a_second()
    {
        First(300);

        Assert.Equal(9.9, SecondsFor(retries: 10_000), Rounding);
    }

    [Fact]
    public void Beside_many_first_attempts_as_many_begin()
    {
        First(5_000);

        Assert.Equal(1.98, SecondsFor(retries: 10_000), Rounding);
    }

    [Fact]
    public void Seldom_ones_never_wait()
    {
        First(1);

        for (var second = 0; second < 5; second++)
        {
            Assert.Equal(TimeSpan.Zero, _pace.Admit(10));
            _clock.Advance(TimeSpan.FromSeconds(0.5));
            First(1);
        }
    }

    [Fact]
    public void When_first_attempts_come_no_more_the_rest_begins_at_once()
    {
        First(300);
        SecondsFor(retries: 1_000);

        _clock.Advance(TimeSpan.FromSeconds(2));
        _pace.Admit(100);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, SecondsFor(retries: 100_000), Rounding);
    }

    [Fact]
    public void Who_announces_many_rests_beside_first_attempts_for_longer_than_he_worked()
    {
        Assert.Equal(TimeSpan.Zero, _pace.RestAfter(100, TimeSpan.FromMilliseconds(20)));

        First(1);

        Assert.Equal(TimeSpan.FromMilliseconds(60), _pace.RestAfter(100, TimeSpan.FromMilliseconds(20)));
    }

    // A broker or a database that takes its time would make less of a thousand a second otherwise.
    [Theory]
    [InlineData(40, 60)]
    [InlineData(100, 0)]
    [InlineData(250, 0)]
    public void But_not_for_so_long_that_fewer_are_announced_than_may_begin(int worked, int rests)
    {
        First(1);

        Assert.Equal(TimeSpan.FromMilliseconds(rests), _pace.RestAfter(100, TimeSpan.FromMilliseconds(worked)));
    }

    [Theory]
    [InlineData(0, 200, 2_000)]
    [InlineData(1, 10, 100)]
    [InlineData(5_000, 50, 500)]
    [InlineData(50_000, 200, 2_000)]
    public void They_are_announced_and_begin_in_small_groups_beside_first_attempts(int firstAttempts, int atOnce, int announced)
    {
        First(firstAttempts);

        Assert.Equal(atOnce, _pace.RetriesAtOnce());
        Assert.Equal(announced, _pace.AnnouncedAtOnce());
    }

    private void First(int count) => _pace.SawFirstAttempts(count);

    /// <summary>In groups of a hundred: when the last one begins. The clock stands still.</summary>
    private double SecondsFor(int retries)
    {
        var last = TimeSpan.Zero;
        for (var begun = 0; begun < retries; begun += 100)
        {
            last = _pace.Admit(100);
        }

        return last.TotalSeconds;
    }
}
