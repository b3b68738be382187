namespace Webhooks.Sending.Measures;

/// <summary>
/// The buckets in which latencies are counted: four to each doubling, from a millisecond to a month. A latency read back is the
/// middle of its bucket, and so off by at most 9.1 %. Bucket numbers are stored: they never change.
/// </summary>
public static class LatencyBuckets
{
    /// <summary>How many there are. The first holds all up to a millisecond, the last all that is longer than its beginning.</summary>
    public const int Count = 128;

    private const double PerDoubling = 4;

    /// <summary>The bucket of a latency.</summary>
    public static int Of(TimeSpan latency) => latency.TotalMilliseconds <= 1
        ? 0
        : Math.Min((int)Math.Ceiling(PerDoubling * Math.Log2(latency.TotalMilliseconds)), Count - 1);

    /// <summary>The latency, in seconds, than which the share <paramref name="quantile"/> of those counted were not longer. Null: none were counted.</summary>
    /// <param name="counts">By bucket.</param>
    /// <param name="quantile">Above 0, up to 1.</param>
    public static double? Quantile(IReadOnlyList<long> counts, double quantile)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var left = Math.Ceiling(counts.Sum() * quantile);
        for (var bucket = 0; bucket < counts.Count && left > 0; bucket++)
        {
            left -= counts[bucket];
            if (left <= 0)
            {
                return Seconds(bucket);
            }
        }

        return null;
    }

    // Rounded to what is known: three digits.
    private static double Seconds(int bucket)
    {
        var milliseconds = bucket == 0 ? 1 : Math.Pow(2, (bucket - 0.5) / PerDoubling);
        var scale = Math.Pow(10, 2 - Math.Floor(Math.Log10(milliseconds)));
        return Math.Round(Math.Round(milliseconds * scale) / scale / 1000, 8);
    }
}
