using Webhooks.Dispatcher.Health;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Starting;

/// <summary>Decides how many more of a lane's deliveries may be in flight, whatever its pace. Pure.</summary>
internal static class LaneRoom
{
    /// <summary>Of a lane that sets no limit of its own.</summary>
    public const int MostInFlight = 500;

    public static int Of(LaneLimits limits, EndpointHealth health, int inFlight) =>
        Math.Max(0, Math.Min(limits.MaxInFlight ?? MostInFlight, health.MaxInFlight ?? int.MaxValue) - inFlight);
}
