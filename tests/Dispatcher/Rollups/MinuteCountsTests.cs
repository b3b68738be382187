using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Sending;
using Webhooks.Sending.Measures;

namespace Webhooks.Dispatcher.Tests.Rollups;

public sealed class MinuteCountsTests
{
    private static readonly DateTimeOffset Accepted = new(2024, 1, 20, 10, 30, 0, TimeSpan.Zero);
    private static readonly Guid First = Guid.Parse("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Second = Guid.Parse("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void A_delivery_at_the_first_attempt_counts_its_outcome_and_its_latency() => Assert.Equal(
        [new(First, Measure.Delivered(TimeSpan.FromMilliseconds(250)), 1), new(First, Measure.Attempts(AttemptOutcome.Succeeded), 1)],
        Counts(Attempt(First, 1, AttemptOutcome.Succeeded, new NextStep.Complete())));

    [Fact]
    public void A_later_attempt_that_ends_it_counts_the_retry_and_its_success()
    {
        Assert.Equal(
            [new(First, Measure.Delivered(TimeSpan.FromMilliseconds(250)), 1), new(First, Measure.Retried, 1), new(First, Measure.RetriedDelivered, 1), new(First, Measure.Attempts(AttemptOutcome.Succeeded), 1)],
            Counts(Attempt(First, 2, AttemptOutcome.Succeeded, new NextStep.Complete())));
        Assert.Equal(
            [new(First, Measure.Exhausted, 1), new(First, Measure.Retried, 1), new(First, Measure.Attempts(AttemptOutcome.ServerError), 1)],
            Counts(Attempt(First, 3, AttemptOutcome.ServerError, new NextStep.Exhaust())));
    }

    [Fact]
    public void An_attempt_that_is_retried_ends_nothing() => Assert.Equal(
        [new(First, Measure.Attempts(AttemptOutcome.TimedOut), 1)],
        Counts(Attempt(First, 2, AttemptOutcome.TimedOut, new NextStep.Retry(TimeSpan.FromSeconds(5), Brokered: true))));

    [Fact]
    public void A_delivery_that_was_canceled_meanwhile_has_not_failed() => Assert.Equal(
        [new(First, Measure.Attempts(AttemptOutcome.Rejected), 1)],
        MinuteCounts.Of([Attempt(First, 1, AttemptOutcome.Rejected, new NextStep.Fail(DisablesSubscription: false))], new HashSet<Guid>()));

    [Fact]
    public void The_counts_of_a_group_are_sums_in_the_order_of_their_keys() => Assert.Equal(
        [
            new(First, Measure.Failed, 2), new(First, Measure.Attempts(AttemptOutcome.Gone), 1), new(First, Measure.Attempts(AttemptOutcome.Rejected), 1),
            new(Second, Measure.Failed, 1), new(Second, Measure.Attempts(AttemptOutcome.Rejected), 1),
        ],
        Counts(
            Attempt(Second, 1, AttemptOutcome.Rejected, new NextStep.Fail(DisablesSubscription: false)),
            Attempt(First, 1, AttemptOutcome.Rejected, new NextStep.Fail(DisablesSubscription: false)),
            Attempt(First, 1, AttemptOutcome.Gone, new NextStep.Fail(DisablesSubscription: true))));

    private static IReadOnlyList<MinuteCount> Counts(params FinishedAttempt[] attempts) =>
        MinuteCounts.Of(attempts, attempts.Select(attempt => attempt.Delivery.Id).ToHashSet());

    private static FinishedAttempt Attempt(Guid subscriptionId, int number, AttemptOutcome outcome, NextStep next)
    {
        var finished = Finished.Attempt(Rows.Of(new(Guid.NewGuid(), Accepted, subscriptionId, "evt_1")) with { LastAttempt = number - 1 }, next, outcome);
        return finished with { Result = finished.Result with { StartedAt = Accepted.AddMilliseconds(200), Duration = TimeSpan.FromMilliseconds(50) } };
    }
}
