using System.Text.Json;
using Webhooks.Load.Receiving;

namespace Webhooks.Load.Measuring;

/// <summary>The one line that a run prints.</summary>
internal sealed record Report
{
    public static JsonSerializerOptions Json { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required int Events { get; init; }

    public required int Fanout { get; init; }

    /// <summary>Null: as fast as possible.</summary>
    public required double? EventsPerSecondAsked { get; init; }

    public required double DeliveriesPerSecond { get; init; }

    /// <summary>From publish to receipt.</summary>
    public required IReadOnlyDictionary<string, double> LatencyMs { get; init; }

    public required int Lost { get; init; }

    public required int Duplicates { get; init; }

    /// <summary>Signed POSTs a second of a bare loop to the same receiver, measured before and after the run.</summary>
    public required double Floor { get; init; }

    public required double RatioToFloor { get; init; }

    public required IReadOnlyDictionary<string, double> CpuMicrosecondsPerDelivery { get; init; }

    public required IReadOnlyDictionary<string, double> MemoryMb { get; init; }

    public static Report Of(LoadOptions options, Tally tally, ProcessCosts costs, double floor)
    {
        var perSecond = tally.PerSecond;
        return new Report
        {
            Events = options.Events,
            Fanout = options.Fanout,
            EventsPerSecondAsked = options.Rate > 0 ? options.Rate : null,
            DeliveriesPerSecond = Math.Round(perSecond),
            LatencyMs = Percentiles.Of(tally.Latencies()),
            Lost = tally.Lost,
            Duplicates = tally.Duplicates,
            Floor = Math.Round(floor),
            RatioToFloor = Math.Round(perSecond / floor, 3),
            CpuMicrosecondsPerDelivery = costs.MicrosecondsPer(options.Deliveries),
            MemoryMb = costs.Megabytes,
        };
    }
}
