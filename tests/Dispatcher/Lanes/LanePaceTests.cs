using Webhooks.Dispatcher.Lanes.Starting;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LanePaceTests
{
    private static readonly TimeSpan Start = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(0.01, 1_000_000)]
    [InlineData(1, 10_000)]
    [InlineData(3, 10_000)]
    [InlineData(1_000, 10_000)]
    [InlineData(10_000, 10_000)]
    public void A_rate_is_kept_to_two_percent_however_coarse_the_timer_is(double perSecond, int milliseconds)
    {
        var pace = LanePace.Begin(perSecond, Start, left: TimeSpan.Zero);
        var sent = 0;
        // A timer that is asked for any time and comes up to 17 ms late.
        for (var now = Start; now < Start + TimeSpan.FromMilliseconds(milliseconds); now += TimeSpan.FromMilliseconds(1 + (sent % 17)))
        {
            for (; pace.Wait(now) <= TimeSpan.Zero; sent++)
            {
                pace = pace.Sent(now);
            }
        }

        var wanted = perSecond * milliseconds / 1000;
        // The first one needs no interval before it.
        Assert.InRange(sent, (wanted * 0.98) - 1, (wanted * 1.02) + 1);
    }

    [Theory]
    [InlineData(1, 11)]
    [InlineData(100, 1_015)]
    [InlineData(1_000, 10_150)]
    public void However_late_it_is_ten_seconds_never_hold_more_than_the_rate_and_two_percent(double perSecond, int most)
    {
        var pace = LanePace.Begin(perSecond, Start, left: TimeSpan.Zero);
        var now = Start + TimeSpan.FromSeconds(30);
        var sent = 0;
        for (var end = now + TimeSpan.FromSeconds(10); now < end; now += TimeSpan.FromMilliseconds(1))
        {
            for (; pace.Wait(now) <= TimeSpan.Zero; sent++)
            {
                pace = pace.Sent(now);
            }
        }

        Assert.InRange(sent, most * 0.98, most + 1);
    }

    /// <summary>
    /// Holders come and go every few seconds, and each is late at times and catches up. One that dies says nothing to the next; one that
    /// only lost its lease has sent until a fifth of a second before another one could take it.
    /// </summary>
    [Theory]
    [InlineData(5, true)]
    [InlineData(5, false)]
    [InlineData(20, true)]
    [InlineData(20, false)]
    [InlineData(200, true)]
    [InlineData(200, false)]
    public void However_often_holders_follow_each_other_ten_seconds_hold_never_more_than_the_rate_and_two_percent(double perSecond, bool die)
    {
        var chance = new Random(8);
        var sends = new List<TimeSpan>();
        var now = Start;
        var pace = LanePace.Begin(perSecond, now, left: TimeSpan.Zero);
        for (var holders = 0; holders < 40; holders++)
        {
            for (var end = now + TimeSpan.FromMilliseconds(chance.Next(500, 8_000)); now < end; now += TimeSpan.FromMilliseconds(chance.Next(100) == 0 ? chance.Next(250) : 1))
            {
                for (; pace.Wait(now) <= TimeSpan.Zero; pace = pace.Sent(now))
                {
                    sends.Add(now);
                }
            }

            // Freed at once and taken at once; or after the margin of the lease.
            var left = pace.Wait(now);
            now += die ? TimeSpan.FromMilliseconds(200) : TimeSpan.Zero;
            pace = LanePace.Begin(perSecond, now, die ? null : left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        var (most, behind) = (0, 0);
        for (var first = 0; first < sends.Count; first++)
        {
            for (; behind < sends.Count && sends[behind] < sends[first] + TimeSpan.FromSeconds(10); behind++)
            {
            }

            most = Math.Max(most, behind - first);
        }

        Assert.InRange(most, perSecond * 8, (perSecond * 10.2) + 1);
    }

    [Fact]
    public void A_quiet_time_saves_up_nothing()
    {
        var pace = LanePace.Begin(10, Start, left: TimeSpan.Zero).Rested(Start + TimeSpan.FromHours(1));

        var now = Start + TimeSpan.FromHours(1);
        Assert.Equal(TimeSpan.Zero, pace.Wait(now));
        Assert.Equal(TimeSpan.FromMilliseconds(100), pace.Sent(now).Wait(now));
    }

    [Fact]
    public void After_a_holder_that_died_an_interval_passes_before_the_first_send() =>
        Assert.Equal(TimeSpan.FromSeconds(100), LanePace.Begin(0.01, Start, left: null).Wait(Start));

    [Fact]
    public void After_a_holder_that_gave_the_lane_back_what_it_left_passes() =>
        Assert.Equal(TimeSpan.FromSeconds(30), LanePace.Begin(0.01, Start, left: TimeSpan.FromSeconds(30)).Wait(Start));

    [Theory]
    [InlineData(1_000)]
    [InlineData(null)]
    public void What_a_slower_rate_left_is_no_longer_than_an_interval_of_the_present_one(int? perSecond)
    {
        var pace = LanePace.Begin(perSecond, Start, left: TimeSpan.FromSeconds(99));

        Assert.InRange(pace.Wait(Start), TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(1), pace.At(1_000).Wait(Start));
    }

    [Fact]
    public void A_new_rate_counts_from_the_last_send() =>
        Assert.Equal(TimeSpan.FromSeconds(1), LanePace.Begin(0.01, Start, left: TimeSpan.Zero).Sent(Start).At(1).Wait(Start));

    [Fact]
    public void Without_a_rate_nothing_waits()
    {
        var pace = LanePace.Begin(perSecond: null, Start, left: null).Sent(Start);

        Assert.Equal(TimeSpan.Zero, pace.Wait(Start));
        Assert.Equal(77, pace.Room(Start, most: 77));
    }

    [Fact]
    public void No_more_is_prepared_than_is_sent_soon()
    {
        Assert.Equal(0, LanePace.Begin(0.01, Start, left: TimeSpan.FromSeconds(1)).Room(Start, most: 100));
        Assert.Equal(1, LanePace.Begin(0.01, Start, left: TimeSpan.Zero).Room(Start, most: 100));
        Assert.Equal(11, LanePace.Begin(100, Start, left: TimeSpan.Zero).Room(Start, most: 100));
    }
}
