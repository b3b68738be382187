using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Leases;

public sealed class LeaseTests
{
    private readonly TestClock _clock = new();

    [Fact]
    public void A_holder_that_dies_is_past_its_time_and_seen_by_others_within_two_seconds() =>
        Assert.InRange(Lease.Term + Lease.Beat, TimeSpan.Zero, TimeSpan.FromSeconds(1.8));

    [Fact]
    public void It_is_renewed_often_enough_to_miss_some_beats() => Assert.True(Lease.Term >= Lease.Beat * 5);

    [Fact]
    public void It_is_over_for_its_holder_before_it_is_for_others()
    {
        var lease = new Lease(_clock);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());

        Assert.True(lease.Covers(7));
        _clock.Advance(Lease.Term - TimeSpan.FromMilliseconds(200));
        Assert.False(lease.Covers(7));
    }

    [Fact]
    public void It_counts_from_before_the_question_however_late_the_answer_comes()
    {
        var lease = new Lease(_clock);
        var askedAt = _clock.GetTimestamp();
        _clock.Advance(Lease.Term);

        lease.Hold(id: 7, askedAt);

        Assert.False(lease.Covers(7));
    }

    [Fact]
    public void What_was_taken_under_another_one_is_not_covered()
    {
        var lease = new Lease(_clock);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());
        lease.Lose();
        lease.Hold(id: 8, askedAt: _clock.GetTimestamp());

        Assert.False(lease.Covers(7));
        Assert.True(lease.Covers(8));
    }
}
