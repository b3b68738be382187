using System.Text.Json;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Baseline;

/// <summary>The platform and the plain alternative, one after the other and again, on the same servers, with the same events and receiver.</summary>
internal static class BaselineRun
{
    public static async Task<int> RunAsync(LoadOptions options, int rounds, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(options.Fanout, cancellationToken);
        var urls = Enumerable.Range(0, options.Fanout).Select(receiver.Url).ToList();
        using var subscriptions = new LoadSubscriptions(system);
        await subscriptions.ReplaceAsync(urls.Select(url => new Wanted(url)), options.Profile, cancellationToken);
        await using var plain = await PlainProcess.StartAsync(system, subscriptions.Secret, urls, cancellationToken);
        await using var toPlatform = new EventSource(system.Amqp);
        await using var toPlain = new EventSource(system.Amqp, PlainService.Exchange);
        var processes = new Dictionary<string, int[]>(system.Processes, StringComparer.Ordinal) { ["plain"] = [plain.Id] };

        LoadRun.Progress($"warming up both with {options.WarmupEvents} events");
        await Passage.RunAsync(toPlatform, receiver, new Tally("warm", options.WarmupEvents, options.Fanout), rate: 0, cancellationToken);
        await Passage.RunAsync(toPlain, receiver, new Tally("warmplain", options.WarmupEvents, options.Fanout), rate: 0, cancellationToken);

        var platform = new List<object>();
        var baseline = new List<object>();
        var ratios = new List<double>();
        var lost = 0;
        for (var round = 0; round < rounds; round++)
        {
            var (ours, oursLine) = await MeasureAsync("platform", toPlatform, $"ours{round}");
            var (theirs, theirsLine) = await MeasureAsync("baseline", toPlain, $"plain{round}");
            platform.Add(oursLine);
            baseline.Add(theirsLine);
            ratios.Add(Math.Round(ours.PerSecond / theirs.PerSecond, 2));
            lost += ours.Lost + theirs.Lost;
        }

        Console.WriteLine(JsonSerializer.Serialize(
            new { options.Events, options.Fanout, Platform = platform, Baseline = baseline, RatioToBaseline = ratios }, Report.Json));
        return lost == 0 ? 0 : 1;

        async Task<(Tally Tally, object Line)> MeasureAsync(string name, EventSource source, string prefix)
        {
            LoadRun.Progress($"{name}: {options.Events} events, fan-out {options.Fanout}");
            var before = ProcessCosts.Of(processes);
            var tally = await Passage.RunAsync(source, receiver, new Tally(prefix, options.Events, options.Fanout), options.Rate, cancellationToken);
            var costs = ProcessCosts.Of(processes).Since(before);
            return (tally, new
            {
                DeliveriesPerSecond = Math.Round(tally.PerSecond),
                LatencyMs = Percentiles.Of(tally.Latencies()),
                tally.Lost,
                tally.Duplicates,
                CpuMicrosecondsPerDelivery = costs.MicrosecondsPer(options.Deliveries),
            });
        }
    }
}
