using System.Diagnostics;
using System.Text.Json;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Backlogs;

/// <summary>
/// How fresh deliveries fare while a great number of retries is due at once. Every second first attempt fails (so that no
/// breaker opens); the dispatchers stand still until all the retries are due; then fresh events come at a pace.
/// </summary>
internal static class RetryBacklogRun
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        var misbehaviour = new Misbehaviour();
        await using var receiver = await Receiver.StartAsync(fanout: 1, cancellationToken, misbehaviour);
        await using var source = new EventSource(system.Amqp);
        await using var flakySource = new EventSource(system.Amqp);
        using var subscriptions = new LoadSubscriptions(system);
        const string flakyType = EventSource.EventType + ".flaky";
        await subscriptions.ReplaceAsync(
            [
                new Wanted(receiver.Url(0)),
                new Wanted(receiver.Url(Misbehaviour.FlakyPath), flakyType, new { max_attempts = 3, initial_delay_seconds = Wait.TotalSeconds, backoff_multiplier = 1 }),
            ],
            options.Profile,
            cancellationToken);
        LoadRun.Progress($"warming up with {options.Warmup} events");
        await FreshAsync("warm", options.Warmup, rate: 0);

        LoadRun.Progress($"{options.Rate} fresh events a second, without a backlog");
        var calm = Percentiles.Of((await FreshAsync("calm", (int)(options.Rate * Window.TotalSeconds), options.Rate)).Latencies());

        LoadRun.Progress($"{backlog} first attempts fail and wait for {Wait.TotalSeconds} s");
        await flakySource.PublishAsync(new Tally("flaky", backlog * 2, fanout: 1, _ => flakyType), rate: 0, cancellationToken);
        while (await subscriptions.PendingAsync(cancellationToken) is var pending && (pending > backlog || misbehaviour.Refused < backlog))
        {
            LoadRun.Progress($"  {misbehaviour.Refused} failed");
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }

        await using (await StoppedProcesses.StopAsync(system.Processes["dispatcher"]))
        {
            LoadRun.Progress("the dispatchers are stopped until all retries are due");
            await Task.Delay(Wait, cancellationToken);
        }

        // The first one shows that the dispatchers are connected again.
        await FreshAsync("first", 1, rate: 0);
        var waiting = await subscriptions.PendingAsync(cancellationToken);
        LoadRun.Progress($"{options.Rate} fresh events a second, {waiting} retries due");
        var started = Stopwatch.GetTimestamp();
        var busy = Percentiles.Of((await FreshAsync("busy", (int)(options.Rate * Window.TotalSeconds), options.Rate)).Latencies());
        var left = await subscriptions.PendingAsync(cancellationToken);
        var drained = (waiting - left) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        while (await subscriptions.PendingAsync(cancellationToken) > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                RetriesDue = waiting,
                FreshPerSecond = options.Rate,
                CalmLatencyMs = calm,
                BusyLatencyMs = busy,
                P50Ratio = Math.Round(busy["p50"] / calm["p50"], 2),
                P99Ratio = Math.Round(busy["p99"] / calm["p99"], 2),
                RetriesLeftAfterwards = left,
                RetriesPerSecondMeanwhile = Math.Round(drained),
            },
            Report.Json));
        return 0;

        Task<Tally> FreshAsync(string prefix, int events, double rate) =>
            Passage.RunAsync(source, receiver, new Tally(prefix, events, fanout: 1), rate, cancellationToken);
    }
}
