namespace Webhooks.Subscriptions.Health;

/// <summary>How a subscription's receiver fares. What leads from one to the other: the dispatcher's <c>Breaker</c>.</summary>
public enum HealthState
{
    /// <summary>It answers with successes, or has failed too rarely to speak of.</summary>
    Healthy,

    /// <summary>Several attempts in a row were no success; deliveries are sent as ever.</summary>
    Failing,

    /// <summary>It asked for time (<c>Retry-After</c>): nothing is sent before.</summary>
    Throttled,

    /// <summary>The breaker is open: deliveries wait, and from time to time one is sent to see.</summary>
    Open,

    /// <summary>It answered again after that; deliveries are sent a few at a time, then more.</summary>
    Recovering,
}

/// <summary>The states' names in the database, the API and the notices.</summary>
public static class HealthStateNames
{
    public static string ToWireName(this HealthState state) => state switch
    {
        HealthState.Healthy => "healthy",
        HealthState.Failing => "failing",
        HealthState.Throttled => "throttled",
        HealthState.Open => "open",
        HealthState.Recovering => "recovering",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "This state has no name."),
    };

    public static HealthState Parse(string name) => name switch
    {
        "healthy" => HealthState.Healthy,
        "failing" => HealthState.Failing,
        "throttled" => HealthState.Throttled,
        "open" => HealthState.Open,
        "recovering" => HealthState.Recovering,
        _ => throw new InvalidOperationException($"A health row has the state \"{name}\", which this version does not know: run one that does."),
    };
}
