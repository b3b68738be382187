namespace Webhooks.Subscriptions.Lanes;

/// <summary>Why a subscription is served from its rows and not by messages.</summary>
public enum LaneReason
{
    /// <summary>Only one dispatcher can keep a rate exactly.</summary>
    RateLimit,

    /// <summary>Only one dispatcher can count what is in flight exactly.</summary>
    MaxInFlight,

    /// <summary>Only one dispatcher can keep an order.</summary>
    Ordering,

    /// <summary>Its deliveries wait, and waiting must cost nothing.</summary>
    Paused,

    /// <summary>Its breaker is not closed, or its receiver asked for time.</summary>
    Breaker,

    /// <summary>It takes more than its share of a dispatcher.</summary>
    FairShare,
}

/// <summary>A reason's name in the database and in logs.</summary>
public static class LaneReasonName
{
    public static string Of(LaneReason reason) => reason switch
    {
        LaneReason.RateLimit => "rate_limit",
        LaneReason.MaxInFlight => "max_in_flight",
        LaneReason.Ordering => "ordering",
        LaneReason.Paused => "paused",
        LaneReason.Breaker => "breaker",
        LaneReason.FairShare => "fair_share",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "This reason has no name."),
    };
}
