using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Leases;

public sealed class LeaseTests
{
    private readonly StoppedClock _clock = new();

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

    [Fact]
    public void What_was_read_before_it_was_overdue_is_not_covered_when_it_is_renewed()
    {
        var lease = new Lease(_clock);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());
        var readAt = _clock.GetTimestamp();
        _clock.Advance(Lease.Term);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());

        Assert.True(lease.Covers(7));
        Assert.False(lease.Covers(7, readAt));
        Assert.True(lease.Covers(7, readAt: _clock.GetTimestamp()));
    }

    // While the answer to the renewal was awaited, it was overdue as well.
    [Fact]
    public void What_was_read_while_it_was_overdue_is_not_covered_either()
    {
        var lease = new Lease(_clock);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());
        _clock.Advance(Lease.Term - Lease.Beat);
        var askedAt = _clock.GetTimestamp();
        _clock.Advance(Lease.Beat);
        var readAt = _clock.GetTimestamp();
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        lease.Hold(id: 7, askedAt);

        Assert.True(lease.Covers(7));
        Assert.False(lease.Covers(7, readAt));
    }

    [Fact]
    public void What_was_read_long_ago_is_covered_as_long_as_it_was_renewed_in_time()
    {
        var lease = new Lease(_clock);
        lease.Hold(id: 7, askedAt: _clock.GetTimestamp());
        var readAt = _clock.GetTimestamp();
        for (var passed = TimeSpan.Zero; passed < Lease.Term * 3; passed += Lease.Beat)
        {
            _clock.Advance(Lease.Beat);
            lease.Hold(id: 7, askedAt: _clock.GetTimestamp());
        }

        Assert.True(lease.Covers(7, readAt));
    }
}
