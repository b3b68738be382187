using System.Text.Json;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Neighbours;

/// <summary>
/// Twenty subscriptions, each with a type of its own, and events to each in turn. Once all answer; once one never answers and one
/// takes four seconds. What is measured is what the other eighteen get of it.
/// </summary>
internal static class NeighbourRun
{
    private const int Subscriptions = 20;
    private const int Healthy = 18;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(4);

    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(fanout: 1, cancellationToken, new Misbehaviour());
        await using var source = new EventSource(system.Amqp);
        using var subscriptions = new LoadSubscriptions(system);
        var lost = 0;

        await subscriptions.ReplaceAsync(Enumerable.Range(0, Subscriptions).Select(number => Of(receiver.Url(0), number)), options.Profile, cancellationToken);
        LoadRun.Progress($"warming up with {options.Warmup} events");
        await PassAsync("warm", options.Warmup, rate: 0);
        var calm = await MeasureAsync("all twenty answer", "calm");

        await subscriptions.ReplaceAsync(
            Enumerable.Range(0, Subscriptions).Select(number => Of(number switch { 18 => receiver.Url(Misbehaviour.SlowPath(Slow)), 19 => receiver.Url(Misbehaviour.SilentPath), _ => receiver.Url(0) }, number)),
            options.Profile,
            cancellationToken);
        var disturbed = await MeasureAsync("one never answers, one takes four seconds", "bad");

        await subscriptions.ReplaceAsync(Enumerable.Range(0, Subscriptions).Select(number => Of(receiver.Url(0), number)), options.Profile, cancellationToken);
        var again = await MeasureAsync("all twenty answer again", "again");

        var calmPerSecond = (calm.PerSecond + again.PerSecond) / 2;
        var calmP99 = (calm.P99 + again.P99) / 2;
        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                options.Events,
                EventsPerSecondAsked = options.Rate,
                Healthy = new[] { calm.Line, again.Line },
                Disturbed = disturbed.Line,
                ThroughputRatio = Math.Round(disturbed.PerSecond / calmPerSecond, 2),
                P99Ratio = Math.Round(disturbed.P99 / calmP99, 2),
                Lost = lost,
            },
            Report.Json));
        return lost == 0 ? 0 : 1;

        // As fast as it goes for the throughput, then at the rate for the latency.
        async Task<(double PerSecond, double P99, object Line)> MeasureAsync(string what, string prefix)
        {
            LoadRun.Progress($"{what}: {options.Events} events as fast as they go, then {options.Rate} a second");
            var fast = await PassAsync(prefix + "fast", options.Events, rate: 0);
            var paced = await PassAsync(prefix + "paced", (int)(options.Rate * 20), options.Rate);
            var latency = Percentiles.Of(paced.Latencies());
            lost += fast.Lost + paced.Lost;
            return (fast.PerSecond, latency["p99"], new { DeliveriesPerSecond = Math.Round(fast.PerSecond), LatencyMs = latency, Duplicates = fast.Duplicates + paced.Duplicates });
        }

        Task<Tally> PassAsync(string prefix, int events, double rate) => Passage.RunAsync(
            source, receiver, new Tally(prefix, events, fanout: 1, number => TypeOf(number % Subscriptions), number => number % Subscriptions < Healthy), rate, cancellationToken);
    }

    private static Wanted Of(string url, int number) => new(url, TypeOf(number));

    private static string TypeOf(int subscription) => $"{EventSource.EventType}.n{subscription}";
}
