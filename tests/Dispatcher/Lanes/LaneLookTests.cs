using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Starting;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class LaneLookTests
{
    private static readonly DateTimeOffset DueAt = DateTimeOffset.UnixEpoch.AddYears(55);
    private static readonly LaneEntry Entry = new(Guid.Empty, DueAt, DueAt, WaitsFor: TimeSpan.Zero);

    [Fact]
    public void What_is_as_it_was_found_is_sent() => Assert.Equal(LaneVerdict.Send, LaneLook.At(Entry, Row(), accepts: true, faults: 0));

    [Fact]
    public void What_the_subscription_takes_no_more_is_canceled() => Assert.Equal(LaneVerdict.Cancel, LaneLook.At(Entry, Row(), accepts: false, faults: 0));

    [Fact]
    public void What_was_attempted_meanwhile_waits_for_its_new_time() =>
        Assert.Equal(LaneVerdict.Leave, LaneLook.At(Entry, Row() with { LaneDueAt = DueAt.AddSeconds(5) }, accepts: true, faults: 0));

    [Fact]
    public void What_is_in_no_lane_any_more_or_nowhere_is_left()
    {
        Assert.Equal(LaneVerdict.Leave, LaneLook.At(Entry, Row() with { LaneDueAt = null }, accepts: true, faults: 0));
        Assert.Equal(LaneVerdict.Leave, LaneLook.At(Entry, Row() with { LaneDueAt = null, Status = "delivered" }, accepts: true, faults: 0));
        Assert.Equal(LaneVerdict.Leave, LaneLook.At(Entry, row: null, accepts: true, faults: 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_our_own_code_fails_on_is_put_aside_after_twenty_times(bool accepts)
    {
        Assert.NotEqual(LaneVerdict.Park, LaneLook.At(Entry, Row(), accepts, faults: 19));
        Assert.Equal(LaneVerdict.Park, LaneLook.At(Entry, Row(), accepts, faults: 20));
    }

    private static DeliveryRow Row() => Rows.Any(DueAt) with { LaneDueAt = DueAt };
}
