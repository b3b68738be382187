using System.Diagnostics.Metrics;

namespace Webhooks.Publisher.FanOut;

/// <summary>The publisher's instruments. Tags stay low-cardinality: never a subscription, tenant or URL.</summary>
internal sealed class FanOutMetrics
{
    public const string MeterName = "Webhooks.Publisher";

    private readonly Counter<long> _accepted;
    private readonly Counter<long> _notified;

    public FanOutMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _accepted = meter.CreateCounter<long>("webhooks.event.accepted", unit: "{event}", description: "Events taken from the bus and committed, repeats included.");
        _notified = meter.CreateCounter<long>("webhooks.notification.published", unit: "{notification}", description: "Notifications published, repeats after a crash included, by type.");
    }

    public void Accepted(int events) => _accepted.Add(events);

    public void Notified(string type) => _notified.Add(1, new KeyValuePair<string, object?>("webhooks.notification.type", type));
}
