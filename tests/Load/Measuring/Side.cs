using System.Text.Json.Serialization;
using Webhooks.Load.Receiving;

namespace Webhooks.Load.Measuring;

/// <summary>What one measurement found: a side of a comparison.</summary>
internal sealed record Side
{
    // Whoever has no part in a delivery is idle, or was asked for subscriptions just before.
    private static readonly string[] TakingPart = ["rabbitmq", "postgres", "publisher", "dispatcher"];

    public required int Deliveries { get; init; }

    public required double DeliveriesPerSecond { get; init; }

    /// <summary>From publish to receipt.</summary>
    public required IReadOnlyDictionary<string, double> LatencyMs { get; init; }

    /// <summary>The same of those that were published while the machine kept its speed; see <see cref="MachineSpeed"/>. All zero: there were none.</summary>
    public required IReadOnlyDictionary<string, double> SteadyLatencyMs { get; init; }

    /// <summary>How many these are, of all that came.</summary>
    public required double SteadyShare { get; init; }

    /// <summary>Of all tenths of a second, those in which the machine itself was slow.</summary>
    public required double MachineSlowShare { get; init; }

    public required int Lost { get; init; }

    public required int Duplicates { get; init; }

    public required IReadOnlyDictionary<string, double> CpuMicrosecondsPerDelivery { get; init; }

    public required IReadOnlyDictionary<string, double> MemoryMb { get; init; }

    /// <summary>CPU microseconds of those that take part in a delivery, for each.</summary>
    [JsonIgnore]
    public double Cost => TakingPart.Sum(CostOf);

    public double CostOf(string process) => CpuMicrosecondsPerDelivery.GetValueOrDefault(process);

    /// <param name="tally">What came.</param>
    /// <param name="duration">In which time.</param>
    /// <param name="costs">What was used meanwhile.</param>
    /// <param name="machine">How fast the machine was meanwhile.</param>
    public static Side Of(Tally tally, TimeSpan duration, ProcessCosts costs, MachineSpeed machine)
    {
        var (all, steady) = (tally.Latencies(), tally.Latencies(machine.WasSteady));
        return new Side
        {
            Deliveries = tally.Expected,
            DeliveriesPerSecond = Math.Round(tally.Expected / duration.TotalSeconds),
            LatencyMs = Percentiles.Of(all),
            SteadyLatencyMs = Percentiles.Of(steady),
            SteadyShare = Math.Round(steady.Length / (double)Math.Max(1, all.Length), 3),
            MachineSlowShare = machine.SlowShare,
            Lost = tally.Lost,
            Duplicates = tally.Duplicates,
            CpuMicrosecondsPerDelivery = costs.MicrosecondsPer(tally.Expected),
            MemoryMb = costs.Megabytes,
        };
    }
}
