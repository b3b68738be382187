using System.Diagnostics;
using Webhooks.Load.Filling;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Backlogs;

/// <summary>
/// What others feel of a great number of deliveries that wait for paused subscriptions, and what becomes of those when they go on.
/// All of them are published, and accepted, as any event is.
/// </summary>
internal static class PausedRun
{
    private const int Subscriptions = 10;
    private const string PausedType = EventSource.EventType + ".paused";

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.Subscriptions.ReplaceAsync([new Wanted(bench.Receiver.Url(0))], cancellationToken);
        Progress.Tell($"warming up with {options.Warmup} events");
        await bench.PassAsync(Fresh("warm", options.Warmup), cancellationToken);
        var paused = await bench.Subscriptions.AddAsync(
            Enumerable.Range(0, Subscriptions).Select(number => new Wanted(bench.Receiver.Url(number), PausedType)), cancellationToken);
        await bench.Subscriptions.ChangeStateAsync(paused, "paused", cancellationToken);
        var calm = await PacedAsync("nothing waits", "calm");

        var waiting = new Tally("waiting", backlog / Subscriptions, Subscriptions, _ => PausedType);
        Progress.Tell($"{waiting.Expected} deliveries of {Subscriptions} paused subscriptions pile up");
        await bench.Source.PublishAsync(waiting, rate: 0, cancellationToken);
        await bench.Subscriptions.WhenPendingAsync(waiting.Expected, cancellationToken);
        await using (var database = MadeUpRows.Open(bench.System))
        {
            await MadeUpRows.AnalyzeAsync(database, cancellationToken);
        }

        var beside = await PacedAsync($"{waiting.Expected} wait", "beside");

        bench.Receiver.Expect(waiting);
        Progress.Tell("they go on");
        using var measurement = new Measurement(bench);
        var resumed = Stopwatch.GetTimestamp();
        await bench.Subscriptions.ChangeStateAsync(paused, "active", cancellationToken);
        await Bench.AwaitAsync(waiting, Task.CompletedTask, cancellationToken);
        var goneOn = measurement.End(waiting, Stopwatch.GetElapsedTime(resumed, waiting.LastArrival));
        var again = await PacedAsync("nothing waits any more", "again");

        return Report.Print(
            new
            {
                Waiting = waiting.Expected,
                FreshPerSecondAsked = options.Rate,
                Calm = new[] { calm, again },
                Beside = beside,
                GoneOn = goneOn,
                Aims = new[]
                {
                    Aim.Below(1.2, Percentiles.Ratio("p50", beside.LatencyMs, calm.LatencyMs, again.LatencyMs), "median latency of others while so many wait, against without"),
                    Aim.Below(1.2, Percentiles.Ratio("p99", beside.LatencyMs, calm.LatencyMs, again.LatencyMs), "p99 of the same"),
                    Aim.Below(1.1, 2 * beside.Cost / (calm.Cost + again.Cost), "CPU of a delivery of others, against without"),
                },
            },
            calm, beside, goneOn, again);

        Task<Side> PacedAsync(string what, string prefix) =>
            bench.MeasureAsync(what, Fresh(prefix, (int)(options.Rate * Window.TotalSeconds)), cancellationToken, options.Rate);
    }

    private static Tally Fresh(string prefix, int events) => new(prefix, events, fanout: 1);
}
