using Webhooks.Sending.Measures;

namespace Webhooks.Sending.Tests.Measures;

public sealed class MeasureTests
{
    [Fact]
    public void Every_outcome_has_a_number_of_its_own_that_is_no_other_measures()
    {
        var outcomes = Enum.GetValues<AttemptOutcome>().Select(Measure.Attempts).ToList();
        short[] others = [Measure.Failed, Measure.Exhausted, Measure.Retried, Measure.RetriedDelivered];

        Assert.Equal(outcomes.Count + others.Length, outcomes.Concat(others).Distinct().Count());
        Assert.All(outcomes.Concat(others), measure => Assert.True(measure >= LatencyBuckets.Count));
    }
}
