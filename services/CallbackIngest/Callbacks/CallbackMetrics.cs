using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>The instruments of callbacks. Tags stay low-cardinality: never a tenant, a system or a key.</summary>
internal sealed class CallbackMetrics
{
    public const string MeterName = "Webhooks.CallbackIngest";

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _results;
    private readonly Counter<long> _repeats;
    private readonly Counter<long> _unaudited;

    public CallbackMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram(
            "webhooks.callback.duration",
            unit: "s",
            description: "Time from a callback that was read to its answer.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
        _results = meter.CreateCounter<long>("webhooks.command.results", description: "What domain services said of commands.");
        _repeats = meter.CreateCounter<long>("webhooks.command.repeats", description: "Commands published again because nobody said what became of them.");
        _unaudited = meter.CreateCounter<long>("webhooks.callback.unaudited", description: "Refused calls that are not in the audit, because too many waited for the database.");
    }

    /// <summary>The histogram's count, split by answer, is also the rate of callbacks.</summary>
    public void Answered(string route, string answer, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new TagList { { "webhooks.callback.route", route }, { "webhooks.callback.answer", answer } });

    public void ResultCame(string outcome) => _results.Add(1, new KeyValuePair<string, object?>("webhooks.command.outcome", outcome));

    public void RefusalsDropped(int calls) => _unaudited.Add(calls);

    public void Repeated(int commands) => _repeats.Add(commands);
}
