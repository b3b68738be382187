namespace Webhooks.Sending.Measures;

/// <summary>
/// What is counted by subscription and minute: attempts by outcome, deliveries that ended by how they did, those of them that
/// had been retried, and latencies by bucket. Numbers are stored: they never change, and none is used again.
/// </summary>
public static class Measure
{
    /// <summary>Deliveries that ended as failed.</summary>
    public const short Failed = 200;

    /// <summary>Deliveries whose retries were used up.</summary>
    public const short Exhausted = 201;

    /// <summary>Deliveries that ended, delivered or not, after more than one attempt.</summary>
    public const short Retried = 210;

    /// <summary>Those of them that were delivered.</summary>
    public const short RetriedDelivered = 211;

    private const short FirstOutcome = 300;

    /// <summary>
    /// Deliveries that ended as delivered, by the time from the event's acceptance to the answer. Their sum is all that were
    /// delivered: they need no count of their own.
    /// </summary>
    public static short Delivered(TimeSpan latency) => (short)LatencyBuckets.Of(latency);

    /// <summary>Attempts with this outcome.</summary>
    public static short Attempts(AttemptOutcome outcome) => (short)(FirstOutcome + outcome switch
    {
        AttemptOutcome.Succeeded => 0,
        AttemptOutcome.Gone => 1,
        AttemptOutcome.Throttled => 2,
        AttemptOutcome.Rejected => 3,
        AttemptOutcome.Redirected => 4,
        AttemptOutcome.ServerError => 5,
        AttemptOutcome.TimedOut => 6,
        AttemptOutcome.DnsFailed => 7,
        AttemptOutcome.ConnectionFailed => 8,
        AttemptOutcome.TlsFailed => 9,
        AttemptOutcome.CertificateInvalid => 10,
        AttemptOutcome.AddressRefused => 11,
        AttemptOutcome.ResponseInvalid => 12,
        AttemptOutcome.RenderFailed => 13,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "This outcome has no number yet."),
    });
}
