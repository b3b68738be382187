using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Ordering;

namespace Webhooks.Subscriptions.Tests.Lanes;

public sealed class LaneNeedTests
{
    private static readonly Subscription Plain = Some.Subscription("a");
    private static readonly Subscription Limited = Plain with { Settings = Plain.Settings with { RateLimit = 0.5, MaxInFlight = 3, OrderingKey = OrderingKey.Parse("/data/id") } };

    [Fact]
    public void A_limit_an_order_and_a_pause_each_need_one()
    {
        Assert.Null(LaneNeed.Of(Plain));
        Assert.Equal(LaneReason.RateLimit, LaneNeed.Of(Plain with { Settings = Plain.Settings with { RateLimit = 10_000 } }));
        Assert.Equal(LaneReason.MaxInFlight, LaneNeed.Of(Plain with { Settings = Plain.Settings with { MaxInFlight = 1000 } }));
        Assert.Equal(LaneReason.Ordering, LaneNeed.Of(Plain with { Settings = Plain.Settings with { OrderingKey = OrderingKey.Parse("/data/id") } }));
        Assert.Equal(LaneReason.Paused, LaneNeed.Of(Plain with { State = SubscriptionState.Paused }));
    }

    [Fact]
    public void What_takes_nothing_needs_none()
    {
        Assert.Null(LaneNeed.Of(Limited with { State = SubscriptionState.Disabled }));
        Assert.Null(LaneNeed.Of(Limited with { State = SubscriptionState.Paused, Deleted = true }));
    }

    [Fact]
    public void Whoever_serves_it_keeps_all_that_is_asked_for()
    {
        Assert.Equal(new LaneLimits(IsPaused: false, PerSecond: null, MaxInFlight: null, IsOrdered: false), LaneLimits.Of(Plain));
        Assert.Equal(new LaneLimits(IsPaused: true, PerSecond: 0.5, MaxInFlight: 3, IsOrdered: true), LaneLimits.Of(Limited with { State = SubscriptionState.Paused }));
    }

    [Fact]
    public void What_is_deleted_waits_for_nothing_even_if_it_was_paused() =>
        Assert.False(LaneLimits.Of(Limited with { State = SubscriptionState.Paused, Deleted = true }).IsPaused);
}
