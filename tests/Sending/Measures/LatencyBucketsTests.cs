using Webhooks.Sending.Measures;

namespace Webhooks.Sending.Tests.Measures;

public sealed class LatencyBucketsTests
{
    [Fact]
    public void A_latency_read_back_is_off_by_less_than_ten_percent()
    {
        for (var milliseconds = 1.0; milliseconds < TimeSpan.FromDays(30).TotalMilliseconds; milliseconds *= 1.0123)
        {
            var counts = new long[LatencyBuckets.Count];
            counts[LatencyBuckets.Of(TimeSpan.FromMilliseconds(milliseconds))] = 1;

            Assert.InRange(LatencyBuckets.Quantile(counts, 0.5)!.Value * 1000 / milliseconds, 0.9, 1.1);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5000)]
    [InlineData(1)]
    public void What_is_no_longer_than_a_millisecond_is_one(double milliseconds) => Assert.Equal(0, LatencyBuckets.Of(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void The_longest_latency_has_a_bucket() => Assert.Equal(LatencyBuckets.Count - 1, LatencyBuckets.Of(TimeSpan.MaxValue));

    [Fact]
    public void Buckets_keep_their_numbers() => Assert.Equal(
        [0, 4, 14, 27, 40, 88, 106],
        new[] { 1, 2, 11, 100, 1_000, 3_600_000, 86_400_000 }.Select(milliseconds => LatencyBuckets.Of(TimeSpan.FromMilliseconds(milliseconds))));

    [Fact]
    public void A_quantile_is_the_first_that_enough_are_no_longer_than()
    {
        var counts = new long[LatencyBuckets.Count];
        (counts[10], counts[20], counts[30]) = (94, 5, 1);

        Assert.Equal(Only(10), LatencyBuckets.Quantile(counts, 0.5));
        Assert.Equal(Only(20), LatencyBuckets.Quantile(counts, 0.95));
        Assert.Equal(Only(20), LatencyBuckets.Quantile(counts, 0.99));
        Assert.Equal(Only(30), LatencyBuckets.Quantile(counts, 1));
    }

    [Fact]
    public void Of_nothing_there_is_no_quantile() => Assert.Null(LatencyBuckets.Quantile(new long[LatencyBuckets.Count], 0.5));

    private static double? Only(int bucket)
    {
        var counts = new long[LatencyBuckets.Count];
        counts[bucket] = 1;
        return LatencyBuckets.Quantile(counts, 1);
    }
}
