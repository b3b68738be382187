using Webhooks.Subscriptions.Profiles;

namespace Webhooks.Sending;

/// <summary>What an attempt's outcome means for its delivery, before the retry policy is asked.</summary>
public enum Verdict
{
    /// <summary>The delivery is delivered.</summary>
    Deliver,

    /// <summary>Another attempt, if the retry policy has one left.</summary>
    Retry,

    /// <summary>The delivery has failed for good.</summary>
    Fail,

    /// <summary>The delivery has failed for good, and its subscription becomes disabled.</summary>
    FailAndDisable,
}

/// <summary>The outcome table of the public contract: which answer is which outcome, and what follows from it.</summary>
public static class OutcomeTable
{
    public static Verdict Judge(AttemptOutcome outcome, RetryOn retryOn) => outcome switch
    {
        AttemptOutcome.Succeeded => Verdict.Deliver,
        AttemptOutcome.Gone => Verdict.FailAndDisable,

        // Our own decisions: the next attempt would decide the same.
        AttemptOutcome.AddressRefused or AttemptOutcome.RenderFailed => Verdict.Fail,

        // The receiver's own refusals: only a person there can mend them.
        AttemptOutcome.Rejected or AttemptOutcome.Redirected or AttemptOutcome.CertificateInvalid =>
            retryOn == RetryOn.AnyFailure ? Verdict.Retry : Verdict.Fail,

        _ => Verdict.Retry,
    };

    /// <summary>Numbers outside of these HTTP does not know (RFC 9110, 15): what has one is no answer.</summary>
    public static bool IsStatus(int number) => number is >= 100 and < 600;

    /// <summary>Any 4xx but 410 and 429 is a rejection, 408 and 425 included.</summary>
    public static AttemptOutcome OfStatus(int statusCode) => statusCode switch
    {
        >= 200 and < 300 => AttemptOutcome.Succeeded,
        >= 300 and < 400 => AttemptOutcome.Redirected,
        410 => AttemptOutcome.Gone,
        429 => AttemptOutcome.Throttled,
        >= 400 and < 500 => AttemptOutcome.Rejected,
        >= 500 and < 600 => AttemptOutcome.ServerError,

        // 101, which was not asked for, and numbers that HTTP does not know.
        _ => AttemptOutcome.ResponseInvalid,
    };
}
