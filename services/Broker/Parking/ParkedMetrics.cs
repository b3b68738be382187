using System.Diagnostics.Metrics;

namespace Webhooks.Broker.Parking;

/// <summary>Counts what a service parks, under one name in all of them.</summary>
/// <param name="meters">The service's.</param>
/// <param name="meter">The name of its meter.</param>
public sealed class ParkedMetrics(IMeterFactory meters, string meter)
{
    /// <summary>The counter's name.</summary>
    public const string Parked = "webhooks.parked";

    private readonly Counter<long> _parked = meters.Create(meter).CreateCounter<long>(
        Parked, unit: "{message}", description: "Messages that could not be processed, by reason.");

    /// <param name="reason">One of <see cref="ParkingReason"/>.</param>
    public void Counted(string reason) => _parked.Add(1, new KeyValuePair<string, object?>("webhooks.parked.reason", reason));
}
