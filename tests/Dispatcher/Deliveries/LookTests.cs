using Webhooks.Broker.Deliveries;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Dispatcher.Tests.Deliveries;

public sealed class LookTests
{
    private static readonly DateTimeOffset AcceptedAt = DateTimeOffset.UnixEpoch.AddYears(55);
    private static readonly DateTimeOffset NextAt = AcceptedAt.AddSeconds(5);

    [Fact]
    public void A_message_about_nothing_is_dropped() =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(1), redelivered: false, row: null, accepts: true));

    [Theory]
    [InlineData("delivered")]
    [InlineData("exhausted")]
    [InlineData("canceled")]
    public void A_delivery_that_has_ended_is_dropped_even_if_its_message_was_handed_over_again(string status) =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(1), redelivered: true, Row(lastAttempt: 1) with { Status = status }, accepts: true));

    [Fact]
    public void A_message_whose_holder_died_after_recording_a_failure_finishes_it() =>
        Assert.Equal(new LookResult.FinishFailure(1), Look.At(Message(1), redelivered: true, Row(lastAttempt: 1) with { Status = "failed" }, accepts: true));

    [Theory]
    [InlineData(1, false, true)]
    [InlineData(1, true, false)]
    [InlineData(2, true, true)]
    public void A_failure_that_nobody_can_have_left_unfinished_is_dropped(int number, bool redelivered, bool accepts) =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(number), redelivered, Row(lastAttempt: 1) with { Status = "failed" }, accepts));

    [Fact]
    public void The_first_message_makes_the_first_attempt() =>
        Assert.Equal(new LookResult.Send(1), Look.At(Message(1), redelivered: false, Row(lastAttempt: 0), accepts: true));

    [Fact]
    public void A_message_handed_over_again_before_its_attempt_was_recorded_makes_that_attempt() =>
        Assert.Equal(new LookResult.Send(2), Look.At(Message(2), redelivered: true, Row(lastAttempt: 1), accepts: true));

    [Fact]
    public void A_copy_of_a_message_whose_attempt_is_recorded_is_dropped() =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(1), redelivered: false, Row(lastAttempt: 1, next: NextAt), accepts: true));

    [Fact]
    public void A_message_whose_holder_died_after_recording_announces_the_next_attempt() =>
        Assert.Equal(new LookResult.AnnounceNext(2, NextAt), Look.At(Message(1), redelivered: true, Row(lastAttempt: 1, next: NextAt), accepts: true));

    [Fact]
    public void What_the_due_poller_announces_is_not_announced_a_second_time() =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(1), redelivered: true, Row(lastAttempt: 1, next: NextAt) with { DueAt = NextAt }, accepts: true));

    [Fact]
    public void An_old_message_is_dropped() =>
        Assert.IsType<LookResult.Drop>(Look.At(Message(1), redelivered: true, Row(lastAttempt: 2, next: NextAt), accepts: true));

    [Fact]
    public void A_message_ahead_of_its_row_makes_the_attempt_that_the_row_asks_for() =>
        Assert.Equal(new LookResult.Send(2), Look.At(Message(5), redelivered: false, Row(lastAttempt: 1), accepts: true));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(1, 1)]
    public void A_delivery_whose_subscription_takes_nothing_any_more_is_canceled(int number, int lastAttempt) =>
        Assert.IsType<LookResult.Cancel>(Look.At(Message(number), redelivered: false, Row(lastAttempt), accepts: false));

    [Theory]
    [InlineData(1, 0, false)] // new
    [InlineData(2, 1, false)] // a retry that came back
    [InlineData(1, 1, true)]  // its next attempt was never announced
    public void A_message_for_a_subscription_with_a_lane_puts_its_delivery_in(int number, int lastAttempt, bool redelivered) => Assert.IsType<LookResult.EnterLane>(
        Look.At(Message(number), redelivered, Row(lastAttempt, lastAttempt > 0 ? NextAt : null), accepts: true, hasLane: true));

    [Theory]
    [InlineData(1, 1, false)] // a copy: the holder of the original goes on
    [InlineData(1, 2, true)]  // old
    public void A_message_that_leads_to_nothing_puts_nothing_into_a_lane(int number, int lastAttempt, bool redelivered) => Assert.IsType<LookResult.Drop>(
        Look.At(Message(number), redelivered, Row(lastAttempt, NextAt), accepts: true, hasLane: true));

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)] // which this one's configuration does not know yet, or any more
    public void A_message_whose_delivery_is_in_a_lane_is_dropped(bool redelivered, bool hasLane) => Assert.IsType<LookResult.Drop>(
        Look.At(Message(1), redelivered, Row(lastAttempt: 0) with { LaneDueAt = AcceptedAt }, accepts: true, hasLane));

    [Fact]
    public void What_is_not_wanted_any_more_is_canceled_in_a_lane_too() => Assert.IsType<LookResult.Cancel>(
        Look.At(Message(1), redelivered: false, Row(lastAttempt: 0) with { LaneDueAt = AcceptedAt }, accepts: false, hasLane: true));

    private static DeliveryMessage Message(int number) => new(Guid.Empty, AcceptedAt, number, AcceptedAt, Traceparent: null);

    private static DeliveryRow Row(int lastAttempt, DateTimeOffset? next = null) => Rows.Any(AcceptedAt) with { LastAttempt = lastAttempt, NextAttemptAt = next };
}
