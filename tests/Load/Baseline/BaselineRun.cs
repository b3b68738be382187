using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;

namespace Webhooks.Load.Baseline;

/// <summary>The platform and the plain alternative, one after the other and again, on the same servers, with the same events and receiver.</summary>
internal static class BaselineRun
{
    public static async Task<int> RunAsync(LoadOptions options, int rounds, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await using var plain = await PlainProcess.StartAsync(
            bench.System, bench.Subscriptions.Secret, Enumerable.Range(0, options.Fanout).Select(bench.Receiver.Url), cancellationToken);
        await using var toPlain = new EventSource(bench.System.Amqp, PlainService.Exchange);
        bench.Watch("plain", plain.Id);

        await bench.WarmUpAsync(cancellationToken);
        await bench.PassAsync(bench.Events("warmplain", options.WarmupEvents), cancellationToken, source: toPlain);

        var platform = new List<Side>();
        var baseline = new List<Side>();
        for (var round = 0; round < rounds; round++)
        {
            platform.Add(await bench.MeasureAsync("platform", bench.Events($"ours{round}", options.Events), cancellationToken));
            baseline.Add(await bench.MeasureAsync("baseline", bench.Events($"plain{round}", options.Events), cancellationToken, source: toPlain));
        }

        return Report.Print(
            new
            {
                options.Events,
                options.Fanout,
                Platform = platform,
                Baseline = baseline,
                RatioToBaseline = platform.Zip(baseline, (ours, theirs) => Math.Round(ours.DeliveriesPerSecond / theirs.DeliveriesPerSecond, 2)),
            },
            [.. platform, .. baseline]);
    }
}
