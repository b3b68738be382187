using System.Diagnostics.Metrics;
using Webhooks.Sending;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>The instruments of attempts. Tags stay low-cardinality: never a subscription, tenant or URL.</summary>
internal sealed class AttemptMetrics
{
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _retriedDelivered;

    public AttemptMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(DispatcherTelemetry.Name);
        _duration = meter.CreateHistogram(
            "webhooks.attempt.duration", unit: "s", description: "Time from sending a webhook to its response headers or its failure; its count, by outcome, is the attempt rate.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] });
        _latency = meter.CreateHistogram(
            "webhooks.delivery.latency", unit: "s", description: "Time from an event's acceptance to its delivery.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600, 86400] });
        _retried = meter.CreateCounter<long>("webhooks.retry.deliveries", unit: "{delivery}", description: "Deliveries that ended after more than one attempt.");
        _retriedDelivered = meter.CreateCounter<long>("webhooks.retry.delivered", unit: "{delivery}", description: "Those of them that were delivered; the ratio is the retry success rate.");
    }

    public void Finished(FinishedAttempt attempt)
    {
        _duration.Record(
            attempt.Result.Duration.TotalSeconds,
            new KeyValuePair<string, object?>("webhooks.attempt.outcome", attempt.Result.Outcome.ToWireName()));

        if (attempt.Next is NextStep.Complete)
        {
            _latency.Record((attempt.FinishedAt - attempt.Delivery.CreatedAt).TotalSeconds);
        }

        if (attempt.Number > 1 && attempt.Next is not NextStep.Retry)
        {
            _retried.Add(1);
            if (attempt.Next is NextStep.Complete)
            {
                _retriedDelivered.Add(1);
            }
        }
    }
}
