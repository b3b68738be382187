namespace Webhooks.Load.Measuring;

/// <summary>How latencies are shown.</summary>
internal static class Percentiles
{
    /// <summary>Milliseconds by name.</summary>
    public static IReadOnlyDictionary<string, double> Of(TimeSpan[] sorted) => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["p50"] = At(sorted, 0.50),
        ["p95"] = At(sorted, 0.95),
        ["p99"] = At(sorted, 0.99),
        ["max"] = At(sorted, 1),
    };

    /// <summary>
    /// One of them, against the mean of others: of those before and those after, for a machine that others share is not the same from
    /// one half minute to the next.
    /// </summary>
    public static double Ratio(string which, IReadOnlyDictionary<string, double> measured, params IReadOnlyDictionary<string, double>[] against) =>
        measured[which] / against.Average(other => other[which]);

    private static double At(TimeSpan[] sorted, double share) =>
        sorted.Length == 0 ? 0 : Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))].TotalMilliseconds, 1);
}
