using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>Decides how many more of a lane's deliveries may be in flight, whatever its pace. Pure.</summary>
internal static class LaneRoom
{
    public static int Of(LaneLimits limits, int inFlight) => Math.Max(0, (limits.MaxInFlight ?? LaneServing.MostInFlight) - inFlight);
}
