using Webhooks.Subscriptions.Health;

namespace Webhooks.Dispatcher.Health;

/// <summary>What is known of how a subscription's receiver fares. A value; <see cref="Breaker"/> makes the next one.</summary>
internal sealed record EndpointHealth
{
    /// <summary>Of receivers that never failed.</summary>
    public static readonly EndpointHealth Unknown = new();

    /// <summary>
    /// For how long after a <c>Retry-After</c> its slow start needs the lane. With hardly any deliveries it would be over late or never.
    /// </summary>
    public static readonly TimeSpan SlowStartNeedsLane = TimeSpan.FromMinutes(1);

    public HealthState State { get; init; }

    /// <summary>The outcome of the last attempt that was no success; null after one.</summary>
    public string? Reason { get; init; }

    /// <summary>Attempts of any kind without a success.</summary>
    public int Unsuccessful { get; init; }

    public DateTimeOffset? UnsuccessfulSince { get; init; }

    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Successes of a receiver that is well are not noted.</summary>
    public DateTimeOffset? LastSuccessAt { get; init; }

    /// <summary>Retryable failures one after the other.</summary>
    public int Failures { get; init; }

    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>When the breaker opened the last time, or a pause ended while it was open; null: it never did.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>The same, or when a slow start after that failed. What was sent before this may still be on the wire for a while.</summary>
    public DateTimeOffset? ReopenedAt { get; init; }

    /// <summary>When the slow start after that was over; null: it is not.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>When the next probe may start, or when the last one might have. Attempts that began before it are not probes.</summary>
    public DateTimeOffset? ProbeAt { get; init; }

    /// <summary>The present wait for a probe.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>How many sends at once the slow start allows; 0: there is none.</summary>
    public int Allowance { get; init; }

    /// <summary>The receiver asked that nothing be sent before. Known until the slow start after that is over.</summary>
    public DateTimeOffset? ThrottledUntil { get; init; }

    /// <summary>Nothing is sent before; null: there is no such moment.</summary>
    public DateTimeOffset? ClosedUntil => State == HealthState.Open && !(ProbeAt <= ThrottledUntil) ? ProbeAt : ThrottledUntil;

    /// <summary>How many sends may run at once; null: any number.</summary>
    public int? MaxInFlight => State switch
    {
        HealthState.Open => 1,
        _ when Allowance > 0 => Allowance,
        _ => null,
    };

    /// <summary>Must the subscription be served from its rows, because not everything may be sent that comes?</summary>
    public bool NeedsLane(DateTimeOffset now) => State is HealthState.Open or HealthState.Recovering || ThrottledUntil + SlowStartNeedsLane > now;

    /// <summary>How long, between two moments, deliveries have waited because of the breaker.</summary>
    public TimeSpan HeldBetween(DateTimeOffset dueAt, DateTimeOffset at)
    {
        var from = dueAt > OpenedAt ? dueAt : OpenedAt;
        var until = ClosedAt < at ? ClosedAt : at;
        return until > from ? (until - from).Value : TimeSpan.Zero;
    }

    /// <summary>How long a delivery has waited because of breakers when its attempt starts; null: not at all.</summary>
    /// <param name="startsAt">Now.</param>
    /// <param name="before">Before its earlier attempts.</param>
    /// <param name="dueAt">When this one was due.</param>
    public TimeSpan? HeldUntil(DateTimeOffset startsAt, TimeSpan? before, DateTimeOffset? dueAt) =>
        dueAt is { } due && HeldBetween(due, startsAt) is var held && held > TimeSpan.Zero ? before.GetValueOrDefault() + held : before;

    public SubscriptionHealth Shown => State == HealthState.Healthy ? SubscriptionHealth.Healthy : new(State, Reason);
}
