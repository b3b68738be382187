using System.Text.Json.Serialization;
using Webhooks.Sending;
using Webhooks.Sending.Measures;

namespace Webhooks.Management.Stats;

/// <summary>What happened in a time. Deliveries count where they ended, attempts where they were recorded.</summary>
internal abstract class Figures
{
    private static readonly AttemptOutcome[] AllOutcomes = Enum.GetValues<AttemptOutcome>();

    /// <param name="counts">By measure.</param>
    protected Figures(IReadOnlyDictionary<short, long> counts)
    {
        var latencies = new long[LatencyBuckets.Count];
        foreach (var (bucket, count) in counts.Where(count => count.Key < latencies.Length))
        {
            latencies[bucket] = count;
        }

        Outcomes = AllOutcomes.ToDictionary(outcome => outcome.ToWireName(), outcome => Count(Measure.Attempts(outcome)));
        Attempts = Outcomes.Values.Sum();
        Deliveries = new EndedDeliveries(latencies.Sum(), Count(Measure.Failed), Count(Measure.Exhausted));
        LatencySeconds = new Latencies(LatencyBuckets.Quantile(latencies, 0.5), LatencyBuckets.Quantile(latencies, 0.95), LatencyBuckets.Quantile(latencies, 0.99));
        var (retried, delivered) = (Count(Measure.Retried), Count(Measure.RetriedDelivered));
        Retry = new RetriedDeliveries(retried, delivered, retried == 0 ? null : Math.Round((double)delivered / retried, 4));

        long Count(short measure) => counts.GetValueOrDefault(measure);
    }

    [JsonPropertyOrder(1)]
    public long Attempts { get; }

    [JsonPropertyOrder(1)]
    public EndedDeliveries Deliveries { get; }

    /// <summary>From the event's acceptance to the answer that delivered it; off by at most 9.1 %.</summary>
    [JsonPropertyOrder(1)]
    public Latencies LatencySeconds { get; }

    [JsonPropertyOrder(1)]
    public RetriedDeliveries Retry { get; }

    /// <summary>Attempts by outcome: every one there is, with 0 where there was none.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyDictionary<string, long> Outcomes { get; }
}

/// <summary>Deliveries by how they ended.</summary>
internal sealed record EndedDeliveries(long Delivered, long Failed, long Exhausted);

/// <summary>In seconds; null when nothing was delivered.</summary>
internal sealed record Latencies(double? P50, double? P95, double? P99);

/// <summary>Deliveries that ended after more than one attempt, those of them that were delivered, and their share (null of none).</summary>
internal sealed record RetriedDeliveries(long Retried, long Delivered, double? SuccessRate);
