using Webhooks.Dispatcher.Lanes.Leases;

namespace Webhooks.Dispatcher.Tests.Lanes.Leases;

public sealed class ContactTests
{
    private static readonly DateTime Start = new(2026, 11, 28, 10, 0, 0, DateTimeKind.Utc);

    private readonly Contact _contact = new();

    [Fact]
    public void Who_has_never_renewed_judges_nobody() => Assert.Null(_contact.JudgesUntil);

    [Fact]
    public void Who_has_renewed_for_a_term_judges_until_a_renewal_is_missed_for_half_of_one()
    {
        var last = Renew(Start, Lease.Term - Lease.Beat);
        Assert.Null(_contact.JudgesUntil);

        last = Renew(last, Lease.Beat);
        Assert.Equal(last + (Lease.Term / 2), _contact.JudgesUntil);
    }

    // Else a machine that is only busy would leave the dead ones' lanes unserved.
    [Fact]
    public void Two_beats_may_be_missed() => Assert.True(Lease.Term / 2 >= Lease.Beat * 3);

    [Fact]
    public void Who_comes_back_judges_nobody_for_a_term()
    {
        var last = Renew(Start, Lease.Term * 2);
        last += (Lease.Term / 2) + TimeSpan.FromMilliseconds(1);

        last = Renew(last, Lease.Term - Lease.Beat);
        Assert.Null(_contact.JudgesUntil);

        Renew(last, Lease.Beat);
        Assert.NotNull(_contact.JudgesUntil);
    }

    [Fact]
    public void A_clock_that_was_set_back_is_a_gap()
    {
        Renew(Start, Lease.Term * 2);

        var last = Renew(Start.AddHours(-1), TimeSpan.Zero);
        Assert.Null(_contact.JudgesUntil);

        Renew(last, Lease.Term);
        Assert.NotNull(_contact.JudgesUntil);
    }

    /// <summary>Every beat from a moment on for so long; answers the last one.</summary>
    private DateTime Renew(DateTime from, TimeSpan during)
    {
        for (var at = from; at <= from + during; at += Lease.Beat)
        {
            _contact.Renewed(at);
        }

        return from + during;
    }
}
