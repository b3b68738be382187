using Webhooks.Dispatcher.Shares;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Shares;

public sealed class RetryPaceTests
{
    private const int Least = RetryPace.Least;
    private const double Rounding = 0.001;

    private readonly StoppedClock _clock = new();
    private readonly RetryPace _pace;

    // A second ends amid a group.
    private TimeSpan _intoTheSecond;

    public RetryPaceTests() => _pace = new RetryPace(_clock);

    [Fact]
    public void Without_first_attempts_twice_as_many_begin_each_second_as_in_the_one_before() =>
        Assert.Equal([Least, 2 * Least, 4 * Least, 8 * Least, 16 * Least, 32 * Least], Enumerable.Range(0, 6).Select(_ => BegunInASecond()), new Roughly());

    [Fact]
    public void After_a_silence_they_begin_slowly_again()
    {
        for (var second = 0; second < 5; second++)
        {
            BegunInASecond();
        }

        _clock.Advance(TimeSpan.FromSeconds(2));

        // And the tenth of a second that a loop may be behind.
        Assert.Equal((int)(1.1 * Least), BegunInASecond(), new Roughly());
    }

    // What it was late by it makes up for, a tenth of a second of it at most.
    [Theory]
    [InlineData(5, 1)]
    [InlineData(25, 1)]
    [InlineData(100, 1)]
    [InlineData(200, 0.69)]
    public void A_loop_that_is_slow_keeps_the_pace_by_larger_groups(int lookMilliseconds, double ofTheLeast)
    {
        First(1);
        BegunInASecond(TimeSpan.FromMilliseconds(lookMilliseconds));
        First(1);

        Assert.Equal((int)(ofTheLeast * Least), BegunInASecond(TimeSpan.FromMilliseconds(lookMilliseconds)), new Roughly());
    }

    [Fact]
    public void However_many_begin_first_attempts_slow_them_at_once()
    {
        for (var second = 0; second < 5; second++)
        {
            BegunInASecond();
        }

        First(1);

        Assert.Equal(Least, BegunInASecond(), new Roughly());
    }

    [Fact]
    public void Beside_a_few_first_attempts_a_hundred_thousand_begin_within_five_minutes()
    {
        First(300);

        Assert.InRange(SecondsFor(retries: 100_000), 290, 300);
    }

    [Fact]
    public void Beside_many_first_attempts_as_many_begin()
    {
        First(5_000);

        Assert.Equal(1.98, SecondsFor(retries: 10_000), Rounding);
    }

    // Four hundred first attempts of which each fails twice would leave three hundred a second behind for ever.
    [Fact]
    public void Who_is_kept_waiting_for_five_minutes_begins_twice_as_many()
    {
        Assert.Equal(Least, AfterSecondsBesideFirstAttempts(295), new Roughly());
        Assert.Equal(2 * Least, AfterSecondsBesideFirstAttempts(10), new Roughly());
        Assert.Equal(4 * Least, AfterSecondsBesideFirstAttempts(300), new Roughly());
    }

    [Fact]
    public void A_second_in_which_nothing_went_ends_no_backlog()
    {
        AfterSecondsBesideFirstAttempts(200);
        First(1);
        _clock.Advance(TimeSpan.FromSeconds(1.5));
        AfterSecondsBesideFirstAttempts(120);

        Assert.Equal(2 * Least, AfterSecondsBesideFirstAttempts(10), new Roughly());
    }

    // Which doublings are no reason to forget: that is for what first attempts have to bear.
    [Fact]
    public void Without_first_attempts_it_grows_no_faster_than_before()
    {
        AfterSecondsBesideFirstAttempts(400);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.InRange(BegunInASecond() / (double)Least, 1.8, 2.4);
        Assert.InRange(BegunInASecond() / (double)Least, 3.6, 4.8);
        Assert.InRange(BegunInASecond() / (double)Least, 7.2, 9.6);
    }

    [Fact]
    public void And_gives_way_again_when_the_backlog_is_over()
    {
        AfterSecondsBesideFirstAttempts(310);
        for (var second = 0; second < 4; second++)
        {
            First(1);
            _pace.Admit(10);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Least, AfterSecondsBesideFirstAttempts(10), new Roughly());
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
    public void When_first_attempts_come_no_more_they_grow_again()
    {
        First(300);

        Assert.Equal([Least, Least, 2 * Least, 4 * Least], Enumerable.Range(0, 4).Select(_ => BegunInASecond()), new Roughly());
    }

    [Fact]
    public void Who_announces_them_does_so_at_the_same_pace()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(180), _pace.RestAfter(Least / 5, TimeSpan.FromMilliseconds(20), someWait: false));

        _pace.RestAfter(1_000 - (Least / 5), TimeSpan.FromSeconds(1), someWait: false);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TimeSpan.FromMilliseconds(30), _pace.RestAfter(100, TimeSpan.FromMilliseconds(20), someWait: false));
    }

    [Fact]
    public void Beside_first_attempts_he_rests_for_three_times_as_long_as_he_worked_at_most()
    {
        First(1);

        Assert.Equal(TimeSpan.FromMilliseconds(60), _pace.RestAfter(Least / 5, TimeSpan.FromMilliseconds(20), someWait: false));
    }

    // What would be announced now would only wait there, and cost what first attempts need.
    [Fact]
    public void But_until_his_pace_lets_him_go_on_while_some_wait_for_a_dispatcher_that_has_room()
    {
        First(1);

        Assert.Equal(TimeSpan.FromMilliseconds(180), _pace.RestAfter(Least / 5, TimeSpan.FromMilliseconds(20), someWait: true));
    }

    // A broker or a database that takes its time would make less of them otherwise.
    [Theory]
    [InlineData(40, 120)]
    [InlineData(100, 100)]
    [InlineData(200, 0)]
    [InlineData(250, 0)]
    public void And_not_for_so_long_that_fewer_are_announced_than_may_begin(int worked, int rests)
    {
        First(1);

        Assert.Equal(TimeSpan.FromMilliseconds(rests), _pace.RestAfter(Least / 5, TimeSpan.FromMilliseconds(worked), someWait: false));
    }

    [Theory]
    [InlineData(0, 13)]
    [InlineData(1, 13)]
    [InlineData(2_500, 100)]
    [InlineData(50_000, 200)]
    public void They_begin_in_small_groups(int firstAttempts, int atOnce)
    {
        First(firstAttempts);

        Assert.Equal(atOnce, _pace.RetriesAtOnce());
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

    /// <summary>What began in the last of so many seconds, in each of which all began that might.</summary>
    private int AfterSecondsBesideFirstAttempts(int seconds)
    {
        var begun = 0;
        for (var second = 0; second < seconds; second++)
        {
            First(1);
            begun = BegunInASecond();
        }

        return begun;
    }

    /// <summary>By a loop that begins whatever it may, for a second of the clock.</summary>
    /// <param name="looks">How long it looks at each group.</param>
    private int BegunInASecond(TimeSpan looks = default)
    {
        var begun = 0;
        while (_intoTheSecond < TimeSpan.FromSeconds(1))
        {
            var group = _pace.RetriesAtOnce();
            var wait = _pace.Admit(group);
            (begun, _intoTheSecond) = (begun + group, _intoTheSecond + wait + looks);
            _clock.Advance(wait + looks);
        }

        _intoTheSecond -= TimeSpan.FromSeconds(1);
        return begun;
    }

    // A group, of which 25 make a second, more or less at either end of it.
    private sealed class Roughly : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => Math.Abs(x - y) <= 0.1 * Math.Max(x, y);

        public int GetHashCode(int obj) => 0;
    }
}
