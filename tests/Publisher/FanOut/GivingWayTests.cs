using Webhooks.Publisher.FanOut;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

public sealed class GivingWayTests
{
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    private readonly StoppedClock _clock = new();
    private readonly GivingWay _givingWay;

    public GivingWayTests() => _givingWay = new GivingWay(_clock);

    [Fact]
    public void A_database_that_is_there_again_within_twenty_seconds_costs_no_turn()
    {
        Assert.False(IsDueWithin(seconds: 19));
        Assert.False(_givingWay.IsDue(isAway: false));
        Assert.False(IsDueWithin(seconds: 19));
    }

    [Fact]
    public void After_twenty_seconds_the_turn_passes_until_the_database_is_back()
    {
        Assert.True(IsDueWithin(seconds: 20));
        Assert.True(_givingWay.IsDue(isAway: true));
        Assert.False(_givingWay.IsDue(isAway: false));
    }

    // A full disk: it answers whenever nothing is asked of it.
    [Fact]
    public void Each_time_without_anything_accepted_takes_twice_as_long()
    {
        foreach (var seconds in (int[])[20, 40, 80, 160])
        {
            Assert.False(IsDueWithin(seconds - 1));
            Assert.True(IsDueWithin(seconds: 2));
            Assert.False(_givingWay.IsDue(isAway: false));
        }

        _givingWay.Accepted();

        Assert.True(IsDueWithin(seconds: 20));
    }

    private bool IsDueWithin(int seconds)
    {
        var isDue = _givingWay.IsDue(isAway: true);
        for (var second = 0; second < seconds; second++)
        {
            _clock.Advance(Watch);
            isDue = _givingWay.IsDue(isAway: true);
        }

        return isDue;
    }
}
