using System.Diagnostics.Metrics;
using Webhooks.Dispatcher.Attempts;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>The lanes' instruments.</summary>
internal sealed class LaneMetrics
{
    private int _held;

    public LaneMetrics(IMeterFactory meters) => meters.Create(DispatcherTelemetry.Name).CreateObservableGauge(
        "webhooks.lane.open", () => Volatile.Read(ref _held), unit: "{lane}",
        description: "Open lanes that this dispatcher holds; the sum over all dispatchers is what is open.");

    public void Holds(int lanes) => Volatile.Write(ref _held, lanes);
}
