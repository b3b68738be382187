using System.Diagnostics;
using System.Diagnostics.Metrics;
using Webhooks.CallbackIngest.Callbacks;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>The instruments of sources. Tags stay low-cardinality: a kind, never a source.</summary>
internal sealed class SourceMetrics
{
    public const string VerificationFailures = "webhooks.signature.verification_failures";

    private readonly Counter<long> _failures;
    private readonly Counter<long> _webhooks;

    public SourceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(CallbackMetrics.MeterName);
        _failures = meter.CreateCounter<long>(VerificationFailures, description: "Webhooks of sources that were not proved to be theirs.");
        _webhooks = meter.CreateCounter<long>("webhooks.source.webhooks", description: "Authentic webhooks of sources, by what was answered.");
    }

    public void Refused(string kind, string reason) =>
        _failures.Add(1, new TagList { { "webhooks.source.kind", kind }, { "webhooks.signature.reason", reason } });

    public void Answered(string kind, string answer) =>
        _webhooks.Add(1, new TagList { { "webhooks.source.kind", kind }, { "webhooks.source.answer", answer } });
}
