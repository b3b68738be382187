using Webhooks.Dispatcher.Health;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>Decides how many more of a lane's deliveries may be in flight, whatever its pace. Pure.</summary>
internal static class LaneRoom
{
    public static int Of(LaneLimits limits, EndpointHealth health, int inFlight) =>
        Math.Max(0, Math.Min(limits.MaxInFlight ?? LaneServing.MostInFlight, health.MaxInFlight ?? int.MaxValue) - inFlight);
}
