using FsCheck;
using FsCheck.Fluent;
using Webhooks.Dispatcher.Health;
using Webhooks.Subscriptions.Health;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>Whatever attempts come, in whatever order.</summary>
public sealed class BreakerPropertyTests
{
    private static readonly BreakerOptions Rules = new();
    private static readonly DateTimeOffset Start = new(2024, 1, 20, 10, 0, 0, TimeSpan.Zero);

    private static readonly Gen<(Signal Signal, int Pause, int Duration, int? Asked)> Attempt =
        from signal in Gen.Frequency((6, Gen.Constant(Signal.Failure)), (2, Gen.Constant(Signal.Success)), (1, Gen.Constant(Signal.Refusal)), (1, Gen.Constant(Signal.Nothing)))
        from pause in Gen.Choose(0, 12_000)
        from duration in Gen.Frequency((3, Gen.Choose(0, 100)), (1, Gen.Choose(0, 30_000)))
        from asked in Gen.Frequency((5, Gen.Constant((int?)null)), (1, Gen.Choose(1, 600).Select(seconds => (int?)seconds)))
        select (signal, pause, duration, signal == Signal.Failure ? asked : null);

    private static readonly Arbitrary<IReadOnlyList<Report>> AnyReports = Gen.ListOf(Attempt).Select(attempts =>
    {
        var now = Start;
        var reports = new List<Report>();
        foreach (var (signal, pause, duration, asked) in attempts)
        {
            now += TimeSpan.FromMilliseconds(pause);
            reports.Add(new Report(signal, now - TimeSpan.FromMilliseconds(duration), now, signal.ToString(), asked is { } seconds ? TimeSpan.FromSeconds(seconds) : null));
        }

        return (IReadOnlyList<Report>)reports;
    }).ToArbitrary();

    [Fact]
    public void It_opens_only_after_enough_failures_in_a_row_over_enough_time() => Always((before, report, after) =>
        before.State == HealthState.Open || after.State != HealthState.Open
        || (after.Failures >= Rules.Failures && (before.State == HealthState.Recovering || report.FinishedAt - after.FailingSince >= Rules.FailingFor)));

    [Fact]
    public void While_it_is_open_its_next_probe_is_never_nearer_than_it_was() => Always((before, _, after) =>
        before.State != HealthState.Open || after.State != HealthState.Open || after.ClosedUntil >= before.ClosedUntil);

    [Fact]
    public void A_wait_lies_between_the_first_and_the_longest() => Always((_, _, after) =>
        after.State != HealthState.Open || (after.Wait >= Rules.FirstWait && after.Wait <= Rules.LongestWait && after.ProbeAt is not null && after.OpenedAt is not null));

    [Fact]
    public void Only_an_answer_ends_it() => Always((before, report, after) =>
        before.State != HealthState.Open || after.State == HealthState.Open || report.Signal is Signal.Success or Signal.Refusal);

    [Fact]
    public void What_a_receiver_asked_for_holds_until_it_is_over() => Always((before, report, after) =>
        !(before.ThrottledUntil > report.FinishedAt) || after.ClosedUntil >= before.ThrottledUntil);

    [Fact]
    public void A_slow_start_allows_at_least_one_and_never_jumps() => Always((before, _, after) =>
        after.Allowance is >= 0 and <= Breaker.FullAllowance
        && after.Allowance <= Math.Max(1, before.Allowance * 2)
        && (after.Allowance > 0 || after.State != HealthState.Recovering));

    [Fact]
    public void A_slow_start_without_a_state_is_one_after_a_wish_for_time() => Always((_, report, after) =>
        after.State is HealthState.Open or HealthState.Recovering
        || (report.RetryAfter is null ? after.Allowance == 0 || after.ThrottledUntil is not null : after is { Allowance: 1, ThrottledUntil: not null }));

    [Fact]
    public void Nothing_that_began_before_a_receiver_may_be_sent_something_again_allows_more() => Always((before, report, after) =>
        before.State is HealthState.Open or HealthState.Recovering
        || !(report.StartedAt < before.ThrottledUntil)
        || after.MaxInFlight <= Math.Max(1, before.Allowance));

    [Fact]
    public void Only_a_success_ends_the_row_of_attempts_without_one() => Always((before, report, after) =>
        report.Signal == Signal.Success
            ? after is { Unsuccessful: 0, UnsuccessfulSince: null }
            : after.Unsuccessful == before.Unsuccessful + 1 && after.UnsuccessfulSince == (before.UnsuccessfulSince ?? report.FinishedAt));

    [Fact]
    public void A_group_says_the_same_as_its_attempts_one_by_one() => Prop.ForAll(AnyReports, reports =>
        new HealthGroup(Guid.Empty, "t", reports).After(EndpointHealth.Unknown, Rules)
        == new HealthGroup(Guid.Empty, "t", [.. reports.Skip(reports.Count / 2)]).After(
            new HealthGroup(Guid.Empty, "t", [.. reports.Take(reports.Count / 2)]).After(EndpointHealth.Unknown, Rules), Rules)).QuickCheckThrowOnFailure();

    /// <summary>Holds of every step of every row of attempts.</summary>
    private static void Always(Func<EndpointHealth, Report, EndpointHealth, bool> holds) => Prop.ForAll(AnyReports, reports =>
    {
        var health = EndpointHealth.Unknown;
        foreach (var report in reports)
        {
            var next = Breaker.After(health, report, Rules);
            if (!holds(health, report, next))
            {
                return false;
            }

            health = next;
        }

        return true;
    }).QuickCheckThrowOnFailure();
}
