using Webhooks.Dispatcher.Attempts;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Dispatcher.Tests.Attempts;

public sealed class NextStepsTests
{
    [Fact]
    public void A_success_completes_the_delivery() =>
        Assert.Equal(new NextStep.Complete(), After(1, AttemptOutcome.Succeeded));

    [Fact]
    public void Gone_fails_the_delivery_and_disables_the_subscription() =>
        Assert.Equal(new NextStep.Fail(DisablesSubscription: true), After(1, AttemptOutcome.Gone));

    [Fact]
    public void A_rejection_is_final_under_matcher_and_retried_under_the_others()
    {
        Assert.Equal(new NextStep.Fail(DisablesSubscription: false), After(1, AttemptOutcome.Rejected));
        Assert.IsType<NextStep.Retry>(After(1, AttemptOutcome.Rejected, Settings(BuiltInProfiles.Standard)));
    }

    [Fact]
    public void A_subscription_overrides_its_profiles_rule()
    {
        var settings = Settings(BuiltInProfiles.Matcher) with { RetryOn = RetryOn.AnyFailure };

        Assert.IsType<NextStep.Retry>(After(1, AttemptOutcome.Rejected, settings));
    }

    [Theory] // The seed's table: waits before attempts 2 to 6.
    [InlineData(1, 5)]
    [InlineData(2, 30)]
    [InlineData(3, 120)]
    [InlineData(4, 600)]
    [InlineData(5, 3600)]
    public void The_default_schedule_waits_in_delay_queues(int number, int seconds) =>
        Assert.Equal(new NextStep.Retry(TimeSpan.FromSeconds(seconds), Brokered: true), After(number, AttemptOutcome.ServerError));

    [Fact]
    public void After_the_last_attempt_the_delivery_is_exhausted() =>
        Assert.Equal(new NextStep.Exhaust(), After(6, AttemptOutcome.ServerError));

    [Fact]
    public void A_policy_of_one_attempt_is_exhausted_by_its_first_failure() =>
        Assert.Equal(new NextStep.Exhaust(), After(1, AttemptOutcome.TimedOut, Custom(new CustomRetry { MaxAttempts = 1 })));

    [Theory]
    [InlineData(60, 60)] // longer than scheduled: honoured
    [InlineData(1, 5)]   // shorter than scheduled: ignored
    public void Retry_After_can_only_lengthen_the_wait_and_is_kept_by_the_row(int requested, int expected) =>
        Assert.Equal(
            new NextStep.Retry(TimeSpan.FromSeconds(expected), Brokered: false),
            After(1, AttemptOutcome.Throttled, retryAfter: TimeSpan.FromSeconds(requested)));

    [Fact]
    public void A_day_that_a_receiver_asked_for_is_not_rounded_over_its_cap() =>
        Assert.Equal(
            new NextStep.Retry(TimeSpan.FromHours(24), Brokered: false),
            After(1, AttemptOutcome.Throttled, retryAfter: TimeSpan.FromHours(24)));

    [Fact]
    public void A_wait_over_an_hour_is_kept_by_the_row() =>
        Assert.Equal(
            new NextStep.Retry(TimeSpan.FromHours(2), Brokered: false),
            After(1, AttemptOutcome.ServerError, Custom(new CustomRetry { InitialDelaySeconds = 7200, MaxDelaySeconds = 7200 })));

    [Fact]
    public void A_wait_made_longer_by_chance_is_kept_by_the_row()
    {
        var settings = Custom(new CustomRetry { InitialDelaySeconds = 10, Jitter = 0.5 });

        Assert.Equal(new NextStep.Retry(TimeSpan.FromSeconds(15), Brokered: false), After(1, AttemptOutcome.ServerError, settings, chance: 1));
    }

    [Fact]
    public void A_wait_is_rounded_up_to_a_delay_that_has_a_queue() =>
        Assert.Equal(
            new NextStep.Retry(TimeSpan.FromMilliseconds(130), Brokered: true),
            After(1, AttemptOutcome.ServerError, Custom(new CustomRetry { InitialDelaySeconds = 0.123 })));

    private static NextStep After(
        int number, AttemptOutcome outcome, SubscriptionSettings? settings = null, TimeSpan? retryAfter = null, double chance = 0) =>
        NextSteps.After(
            number,
            new SendResult { Outcome = outcome, StartedAt = default, Duration = default, RetryAfter = retryAfter },
            settings ?? Settings(BuiltInProfiles.Matcher),
            chance);

    private static SubscriptionSettings Custom(CustomRetry retry) => Settings(BuiltInProfiles.Matcher) with { Retry = retry };

    private static SubscriptionSettings Settings(Profile profile) =>
        new() { Url = "https://receiver.example/", EventTypes = ["*"], Profile = profile };
}
