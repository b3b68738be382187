using Webhooks.Dispatcher.Attempts;
using Webhooks.Sending;

namespace Webhooks.Dispatcher.Health;

/// <summary>What an attempt says of the receiver.</summary>
internal enum Signal
{
    /// <summary>It took the delivery.</summary>
    Success,

    /// <summary>It answered and refused for good: it is there, and waiting for it would mend nothing.</summary>
    Refusal,

    /// <summary>A failure that a later attempt may mend, whether or not this delivery has one left.</summary>
    Failure,

    /// <summary>A failure that is none of the receiver's doing: nothing was sent, or nobody was found who may be spoken to.</summary>
    Nothing,
}

/// <summary>One attempt, as far as it says something of the receiver.</summary>
/// <param name="Outcome">Its wire name.</param>
/// <param name="RetryAfter">How long the receiver asked to be left alone.</param>
internal sealed record Report(Signal Signal, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string Outcome, TimeSpan? RetryAfter)
{
    /// <summary>Whom it speaks of.</summary>
    public string Url { get; init; } = "";

    public static Report Of(FinishedAttempt attempt) => new(
        SignalOf(attempt.Next, attempt.Result.Outcome), attempt.Result.StartedAt, attempt.FinishedAt, attempt.Result.Outcome.ToWireName(), attempt.Result.RetryAfter)
    {
        Url = attempt.Request.Url,
    };

    // By what follows, because the outcome table is the subscription's own: what is retried is what may mend itself.
    private static Signal SignalOf(NextStep next, AttemptOutcome outcome) => (next, outcome) switch
    {
        (NextStep.Complete, _) => Signal.Success,
        (NextStep.Retry or NextStep.Exhaust, _) => Signal.Failure,
        (_, AttemptOutcome.Rejected or AttemptOutcome.Redirected or AttemptOutcome.Gone) => Signal.Refusal,
        _ => Signal.Nothing,
    };
}
