namespace Webhooks.Dispatcher.Health;

/// <summary>Decides when a receiver has failed for so long that its subscription is disabled. Pure.</summary>
internal static class LongFailure
{
    /// <summary>Why such a subscription is disabled.</summary>
    public const string Reason = "failing_5_days";

    /// <summary>
    /// Between the first and the last of its failures lies the whole time, without a success, and they are not just a few: one failure
    /// and then silence says nothing, however long ago it was.
    /// </summary>
    public static bool IsDue(EndpointHealth health, BreakerOptions rules) =>
        health.Unsuccessful >= rules.Failures && health.LastFailureAt - health.UnsuccessfulSince >= rules.DisableAfter;
}
