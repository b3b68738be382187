using Webhooks.Dispatcher.Health;
using Webhooks.Subscriptions.Health;

namespace Webhooks.Dispatcher.Tests.Health;

public sealed class BreakerTests
{
    private static readonly BreakerOptions Rules = new();
    private static readonly DateTimeOffset Start = new(2024, 1, 20, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Five_failures_in_a_row_over_ten_seconds_open_it()
    {
        var health = After(Failures(0, 1, 2, 3, 10));

        Assert.Equal((HealthState.Open, At(20), At(10), 1), (health.State, health.ClosedUntil, health.OpenedAt, health.MaxInFlight));
    }

    [Fact]
    public void A_hundred_failures_within_ten_seconds_do_not() =>
        Assert.Equal(HealthState.Failing, After(Failures([.. Enumerable.Range(0, 100).Select(place => place * 0.0999)])).State);

    [Fact]
    public void Four_failures_over_a_day_do_not() => Assert.Equal(HealthState.Healthy, After(Failures(0, 3600, 7200, 86400)).State);

    [Fact]
    public void A_success_among_them_begins_the_row_anew()
    {
        var health = After([.. Failures(0, 1, 2, 3), Report(4, Signal.Success), .. Failures(11, 12, 13, 14)]);

        Assert.Equal((HealthState.Healthy, 4), (health.State, health.Failures));
    }

    [Fact]
    public void A_refusal_says_that_the_receiver_is_there()
    {
        var health = After([.. Failures(0, 1, 2, 3), Report(10, Signal.Refusal), .. Failures(11)]);

        // Six attempts without a success are no good news for all that.
        Assert.Equal((HealthState.Failing, 1, 6), (health.State, health.Failures, health.Unsuccessful));
    }

    [Fact]
    public void What_was_never_sent_says_nothing()
    {
        var health = After([.. Failures(0, 1, 2, 3), Report(4, Signal.Nothing), .. Failures(10)]);

        Assert.Equal(HealthState.Open, health.State);
    }

    [Fact]
    public void Each_probe_that_fails_doubles_the_wait_up_to_five_minutes()
    {
        var health = Opened();
        var waits = new List<double>();
        for (var probe = 0; probe < 7; probe++)
        {
            var at = health.ClosedUntil!.Value;
            health = Breaker.After(health, Report((at - Start).TotalSeconds, Signal.Failure), Rules);
            waits.Add((health.ClosedUntil!.Value - at).TotalSeconds);
        }

        Assert.Equal([20, 40, 80, 160, 300, 300, 300], waits);
        Assert.Equal((At(10), At(10)), (health.OpenedAt, health.ReopenedAt));
    }

    [Fact]
    public void Attempts_that_began_before_it_opened_are_no_probes()
    {
        var health = Breaker.After(Opened(), new Report(Signal.Failure, At(9), At(25), "timed_out", RetryAfter: null), Rules);

        Assert.Equal((HealthState.Open, At(20), 6), (health.State, health.ClosedUntil, health.Unsuccessful));
    }

    [Fact]
    public void A_probe_that_says_nothing_is_repeated_after_the_same_wait() =>
        Assert.Equal(At(30), Breaker.After(Opened(), Report(20, Signal.Nothing), Rules).ClosedUntil);

    [Theory]
    [InlineData(Signal.Success)]
    [InlineData(Signal.Refusal)]
    internal void A_receiver_that_answers_is_sent_a_few_at_a_time_then_more(Signal signal)
    {
        var health = Opened();
        var allowances = new List<int?>();
        for (var second = 20; second < 27; second++)
        {
            health = Breaker.After(health, Report(second, signal), Rules);
            allowances.Add(health.MaxInFlight);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64], allowances);
        Assert.Equal((HealthState.Recovering, At(10), null), (health.State, health.OpenedAt, health.ClosedAt));

        health = Breaker.After(health, Report(27, signal), Rules);
        Assert.Equal((null, null, At(27)), (health.MaxInFlight, health.Wait, health.ClosedAt));
        Assert.Equal(signal == Signal.Success ? HealthState.Healthy : HealthState.Failing, health.State);
    }

    [Fact]
    public void A_failure_during_the_slow_start_halves_it_and_five_in_a_row_open_the_breaker_for_the_first_wait()
    {
        var health = After([.. Failures(0, 1, 2, 3, 10), .. Failures(20), Report(40, Signal.Success), Report(41, Signal.Success), Report(42, Signal.Success)]);
        var allowances = new List<int?>();
        for (var second = 43; second < 47; second++)
        {
            health = Breaker.After(health, Report(second, Signal.Failure), Rules);
            allowances.Add(health.MaxInFlight);
        }

        Assert.Equal([2, 1, 1, 1], allowances);
        Assert.Equal(HealthState.Recovering, health.State);

        health = Breaker.After(health, Report(47, Signal.Failure), Rules);
        Assert.Equal((HealthState.Open, At(57), At(10), At(47)), (health.State, health.ClosedUntil, health.OpenedAt, health.ReopenedAt));
    }

    [Fact]
    public void A_delivery_that_fails_whatever_becomes_of_others_does_not_open_it_again()
    {
        var health = After([.. Failures(0, 1, 2, 3, 10), Report(20, Signal.Success)]);
        for (var second = 22; second < 600; second += 2)
        {
            health = Breaker.After(health, Report(second, second % 8 == 0 ? Signal.Success : Signal.Failure), Rules);
            Assert.Equal((HealthState.Recovering, true), (health.State, health.MaxInFlight >= 1));
        }
    }

    [Fact]
    public void What_was_on_the_wire_when_it_opened_says_nothing_during_the_slow_start()
    {
        var late = Enumerable.Range(0, 100).Select(_ => new Report(Signal.Failure, At(9), At(39), "timed_out", RetryAfter: null));

        var health = After([.. Failures(0, 1, 2, 3, 10), Report(20, Signal.Success), .. late]);

        Assert.Equal((HealthState.Recovering, 0, 1), (health.State, health.Failures, health.MaxInFlight));
    }

    [Fact]
    public void Nothing_is_sent_before_the_receiver_wants_it_whatever_the_breaker_does()
    {
        var health = After([.. Failures(0, 1, 2, 3), Report(10, Signal.Failure, retryAfter: 3600)]);
        Assert.Equal((HealthState.Open, At(3610)), (health.State, health.ClosedUntil));

        // One that was on its way is taken nevertheless, which withdraws nothing.
        health = Breaker.After(health, new Report(Signal.Success, At(9), At(11), "succeeded", RetryAfter: null), Rules);
        Assert.Equal((HealthState.Recovering, At(3610)), (health.State, health.ClosedUntil));
    }

    [Theory]
    [InlineData(1, HealthState.Healthy)]
    [InlineData(59, HealthState.Healthy)]
    [InlineData(60, HealthState.Throttled)]
    public void A_receiver_that_asks_for_time_gets_it_and_that_is_shown_from_a_minute_on(int seconds, HealthState shown)
    {
        var health = After([Report(0, Signal.Failure, retryAfter: seconds)]);

        Assert.Equal((shown, At(seconds)), (health.State, health.ClosedUntil));
        // And a minute for the slow start.
        Assert.True(health.NeedsLane(At(seconds + 59.5)));
        Assert.False(health.NeedsLane(At(seconds + 60)));
    }

    [Theory]
    [InlineData(Signal.Success)]
    [InlineData(Signal.Refusal)]
    internal void When_that_time_is_over_it_is_sent_a_few_at_a_time_then_more(Signal signal)
    {
        var health = After([Report(0, Signal.Failure, retryAfter: 5)]);
        var allowances = new List<int?> { health.MaxInFlight };
        for (var second = 5; second < 12; second++)
        {
            health = Breaker.After(health, Report(second, signal), Rules);
            allowances.Add(health.MaxInFlight);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, null], allowances);
        Assert.False(health.NeedsLane(At(12)));
    }

    [Fact]
    public void Who_asks_for_no_time_at_all_gets_no_slow_start()
    {
        var health = After([Report(0, Signal.Failure, retryAfter: 0)]);

        Assert.Equal((null, null, false), (health.MaxInFlight, health.ClosedUntil, health.NeedsLane(At(0))));
    }

    [Fact]
    public void What_was_on_the_wire_when_it_asked_for_time_says_nothing_then()
    {
        var asked = After([Report(0, Signal.Failure, retryAfter: 5)]);

        var health = Breaker.After(asked, new Report(Signal.Success, At(4.9), At(6), "succeeded", RetryAfter: null), Rules);

        Assert.Equal((At(5), 1), (health.ClosedUntil, health.MaxInFlight));
    }

    [Fact]
    public void A_failure_then_halves_what_it_is_sent_and_another_wish_for_time_begins_anew()
    {
        var health = After([Report(0, Signal.Failure, retryAfter: 5), Report(5, Signal.Success), Report(6, Signal.Success), Report(7, Signal.Success)]);
        Assert.Equal(8, health.MaxInFlight);

        health = Breaker.After(health, Report(8, Signal.Failure), Rules);
        Assert.Equal((4, At(5)), (health.MaxInFlight, health.ClosedUntil));

        health = Breaker.After(health, Report(9, Signal.Failure, retryAfter: 5), Rules);
        Assert.Equal((1, At(14)), (health.MaxInFlight, health.ClosedUntil));
    }

    [Fact]
    public void Throttling_ends_with_the_first_answer_after_its_time()
    {
        var throttled = After([Report(0, Signal.Failure, retryAfter: 120)]);

        Assert.Equal(HealthState.Throttled, Breaker.After(throttled, Report(119, Signal.Success), Rules).State);
        var health = Breaker.After(throttled, Report(120, Signal.Success), Rules);
        Assert.Equal((HealthState.Healthy, At(120)), (health.State, health.ClosedUntil));
    }

    [Fact]
    public void A_shorter_wish_does_not_shorten_a_longer_one() =>
        Assert.Equal(At(600), After([Report(0, Signal.Failure, retryAfter: 600), Report(1, Signal.Failure, retryAfter: 5)]).ClosedUntil);

    private static EndpointHealth Opened() => After(Failures(0, 1, 2, 3, 10));

    private static EndpointHealth After(IEnumerable<Report> reports) =>
        reports.Aggregate(EndpointHealth.Unknown, (health, report) => Breaker.After(health, report, Rules));

    private static IEnumerable<Report> Failures(params double[] seconds) => seconds.Select(second => Report(second, Signal.Failure));

    private static Report Report(double second, Signal signal, double? retryAfter = null) =>
        new(signal, At(second), At(second), signal == Signal.Success ? "succeeded" : "server_error", retryAfter is { } wait ? TimeSpan.FromSeconds(wait) : null);

    private static DateTimeOffset At(double second) => Start.AddSeconds(second);
}
