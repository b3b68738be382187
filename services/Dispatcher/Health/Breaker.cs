using Webhooks.Subscriptions.Health;

namespace Webhooks.Dispatcher.Health;

/// <summary>
/// What one more attempt makes of a receiver's health. Pure: no clock, no database.
/// <code>
/// state        success, refusal              failure                                nothing
/// not open     -                             5th in a row, 10 s after the first:    -
///                                            open, wait 10 s
/// open         recovering, 1 at once         of a probe: open, wait twice as long   of a probe: open, wait the same
/// recovering   twice as many at once;        half as many at once; with 1, and the  -
///              not open after 64             5th in a row: open, wait 10 s
/// </code>
/// An attempt that began before the moment of the probe is not a probe, and its failure says nothing: hundreds may still be on the wire.
/// Nor does one failure after an answer say that the receiver is down again: there are deliveries that fail whatever the receiver
/// does with others, and are tried again and again.
/// A receiver that is neither open nor recovering is throttled, failing or healthy: the first of these that is so. When it has asked for
/// time and that is over, it is sent 1 at once, and with what began since then twice as many after each success or refusal, half as
/// many after each failure, until that is over 64, too. That is no state of its own: it is over in the time of a few answers.
/// </summary>
internal static class Breaker
{
    /// <summary>A slow start is over when so many may be sent at once.</summary>
    public const int FullAllowance = 64;

    /// <summary>A shorter <c>Retry-After</c> is honoured, but makes no state: each change of state is told to people.</summary>
    public static readonly TimeSpan ShownThrottling = TimeSpan.FromMinutes(1);

    public static EndpointHealth After(EndpointHealth before, Report attempt, BreakerOptions rules)
    {
        var counted = Counted(before, attempt);
        var isLate = attempt.StartedAt < before.ProbeAt;
        return (before.State, attempt.Signal) switch
        {
            (HealthState.Open, Signal.Success or Signal.Refusal) => Recovering(counted, allowance: 1),
            (HealthState.Open, _) when isLate => counted,
            (HealthState.Open, Signal.Failure) => Open(counted, Doubled(before.Wait, rules), attempt.FinishedAt),
            (HealthState.Open, _) => Open(counted, before.Wait ?? rules.FirstWait, attempt.FinishedAt),

            (HealthState.Recovering, Signal.Success or Signal.Refusal) when Grown(before.Allowance) is > 0 and var allowance => Recovering(counted, allowance),
            (HealthState.Recovering, Signal.Success or Signal.Refusal) => NotOpen(counted, attempt, rules),
            (HealthState.Recovering, Signal.Failure) when isLate => counted with { Failures = before.Failures, FailingSince = before.FailingSince },
            (HealthState.Recovering, Signal.Failure) when before.Allowance == 1 && counted.Failures >= rules.Failures =>
                Open(counted, rules.FirstWait, attempt.FinishedAt),
            (HealthState.Recovering, Signal.Failure) => Recovering(counted, Halved(before.Allowance)),
            (HealthState.Recovering, _) => counted,

            (_, Signal.Failure) when counted.Failures >= rules.Failures && attempt.FinishedAt - counted.FailingSince >= rules.FailingFor =>
                Open(counted, rules.FirstWait, attempt.FinishedAt),
            _ => NotOpen(counted, attempt, rules),
        };
    }

    private static EndpointHealth Counted(EndpointHealth before, Report attempt)
    {
        var counted = attempt.Signal == Signal.Success
            ? before with { Unsuccessful = 0, UnsuccessfulSince = null, LastSuccessAt = Later(before.LastSuccessAt, attempt.FinishedAt) }
            : before with
            {
                Reason = attempt.Outcome,
                Unsuccessful = before.Unsuccessful + 1,
                UnsuccessfulSince = before.UnsuccessfulSince ?? attempt.FinishedAt,
                LastFailureAt = Later(before.LastFailureAt, attempt.FinishedAt),
            };
        if (attempt.RetryAfter is { } asked)
        {
            counted = counted with { ThrottledUntil = Later(before.ThrottledUntil, attempt.FinishedAt + asked) };
        }

        return attempt.Signal switch
        {
            Signal.Failure => counted with { Failures = before.Failures + 1, FailingSince = before.FailingSince ?? attempt.FinishedAt },
            Signal.Nothing => counted,
            _ => counted with { Failures = 0, FailingSince = null },
        };
    }

    // The wait begins with the end of the attempt: it is a time without a send.
    private static EndpointHealth Open(EndpointHealth health, TimeSpan wait, DateTimeOffset at) => health with
    {
        State = HealthState.Open,
        OpenedAt = health.State is HealthState.Open or HealthState.Recovering ? health.OpenedAt : at,
        ReopenedAt = health.State == HealthState.Open ? health.ReopenedAt : at,
        ClosedAt = null,
        ProbeAt = at + wait,
        Wait = wait,
        Allowance = 0,
    };

    private static EndpointHealth Recovering(EndpointHealth health, int allowance) =>
        health with { State = HealthState.Recovering, Allowance = allowance };

    private static EndpointHealth NotOpen(EndpointHealth health, Report attempt, BreakerOptions rules)
    {
        var isThrottled = health.ThrottledUntil > attempt.FinishedAt && (health.State == HealthState.Throttled || attempt.RetryAfter >= ShownThrottling);
        var state = isThrottled ? HealthState.Throttled : health.Unsuccessful >= rules.Failures ? HealthState.Failing : HealthState.Healthy;
        var allowance = Allowance(health, attempt);
        return health with
        {
            State = state,
            Reason = state == HealthState.Healthy && health.Unsuccessful == 0 ? null : health.Reason,
            ClosedAt = health.State is HealthState.Open or HealthState.Recovering ? attempt.FinishedAt : health.ClosedAt,
            ProbeAt = null,
            Wait = null,
            Allowance = allowance,
            ThrottledUntil = allowance > 0 || health.ThrottledUntil > attempt.FinishedAt ? health.ThrottledUntil : null,
        };
    }

    // Hundreds may have waited for the end of a Retry-After; all at once they would be answered by the next.
    private static int Allowance(EndpointHealth health, Report attempt) => attempt.Signal switch
    {
        _ when attempt.RetryAfter > TimeSpan.Zero => 1,
        _ when health.State == HealthState.Recovering => health.ThrottledUntil > attempt.FinishedAt ? 1 : 0,
        _ when attempt.StartedAt < health.ThrottledUntil => health.Allowance,
        Signal.Success or Signal.Refusal => Grown(health.Allowance),
        Signal.Failure when health.Allowance > 0 => Halved(health.Allowance),
        _ => health.Allowance,
    };

    // 0: as many as there are.
    private static int Grown(int allowance) => allowance * 2 is var doubled && doubled > FullAllowance ? 0 : doubled;

    private static int Halved(int allowance) => Math.Max(1, allowance / 2);

    private static TimeSpan Doubled(TimeSpan? wait, BreakerOptions rules) =>
        wait * 2 is { } doubled && doubled < rules.LongestWait ? doubled : rules.LongestWait;

    private static DateTimeOffset Later(DateTimeOffset? left, DateTimeOffset right) => left > right ? left.Value : right;
}
