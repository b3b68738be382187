using System.Diagnostics.Metrics;
using Webhooks.Dispatcher.Attempts;

namespace Webhooks.Dispatcher.Owed;

/// <summary>Tells how much the broker has lost.</summary>
internal sealed class OwedMetrics
{
    public const string Announced = "webhooks.delivery.owed";

    private readonly Counter<long> _owed;

    public OwedMetrics(IMeterFactory meters) => _owed = meters.Create(DispatcherTelemetry.Name).CreateCounter<long>(
        Announced, unit: "{delivery}", description: "Deliveries that are announced again because the broker has lost their message.");

    public void Found(int deliveries) => _owed.Add(deliveries);
}
