using System.Text.Json;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Matching;

/// <summary>What an event costs among a hundred subscriptions, and among so many more that do not want it.</summary>
internal static class MatchingRun
{
    private const int Wanting = 100;

    public static async Task<int> RunAsync(LoadOptions options, int subscriptionCount, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(Wanting, cancellationToken);
        await using var source = new EventSource(system.Amqp);
        using var subscriptions = new LoadSubscriptions(system);

        await subscriptions.ReplaceAsync(Enumerable.Range(0, Wanting).Select(number => new Wanted(receiver.Url(number))), options.Profile, cancellationToken);
        LoadRun.Progress($"warming up with {options.Warmup} deliveries");
        await PassAsync("warm", Math.Max(1, options.Warmup / Wanting));
        var few = await MeasureAsync($"{Wanting} subscriptions, all of which want each event", "few");

        LoadRun.Progress($"making {subscriptionCount - Wanting} more subscriptions, which want other types");
        await subscriptions.AddAsync(
            Enumerable.Range(Wanting, subscriptionCount - Wanting).Select(number => new Wanted(receiver.Url(0), $"{EventSource.EventType}.other{number}")), options.Profile, cancellationToken);
        await PassAsync("settle", 10);
        var many = await MeasureAsync($"{subscriptionCount} subscriptions", "many");

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                options.Events,
                Wanting,
                Subscriptions = subscriptionCount,
                Few = few.Line,
                Many = many.Line,
                ThroughputRatio = Math.Round(many.PerSecond / few.PerSecond, 2),
                CostRatio = Math.Round(many.Cpu / few.Cpu, 2),
            },
            Report.Json));
        return 0;

        async Task<(double PerSecond, double Cpu, object Line)> MeasureAsync(string what, string prefix)
        {
            LoadRun.Progress($"{what}: {options.Events} events");
            var before = ProcessCosts.Of(system.Processes);
            var tally = await PassAsync(prefix, options.Events);
            var cpu = ProcessCosts.Of(system.Processes).Since(before).MicrosecondsPer(options.Events);
            return (tally.PerSecond, cpu.Values.Sum(), new { EventsPerSecond = Math.Round(tally.PerSecond / Wanting, 1), tally.Lost, tally.Duplicates, CpuMicrosecondsPerEvent = cpu });
        }

        Task<Tally> PassAsync(string prefix, int events) => Passage.RunAsync(source, receiver, new Tally(prefix, events, Wanting), rate: 0, cancellationToken);
    }
}
