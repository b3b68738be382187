using System.Diagnostics;
using Webhooks.Load.Measuring;
using Webhooks.Load.Receiving;

namespace Webhooks.Load.Backlogs;

/// <summary>
/// Deliveries pile up while the dispatchers are stopped (SIGSTOP); then how fast they drain, against the usual rate, and how much
/// memory each process had at its most meanwhile.
/// </summary>
internal static class BacklogRun
{
    // Of .NET's heaps and Erlang's: a fifth more or less is any run's. What grew with the backlog would be many times as much.
    private const double Flat = 1.5;

    private static readonly string[] Watched = ["rabbitmq", "publisher", "dispatcher"];

    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var usualMemory = new MemoryWatch(bench);
        var usual = await bench.MeasureAsync("the usual rate", bench.Events("usual", options.Events), cancellationToken);
        await usualMemory.DisposeAsync();

        var memory = new MemoryWatch(bench);
        var piled = bench.Receiver.Expect(bench.Events("piled", backlog / options.Fanout));
        await PileUpAsync(bench, piled, cancellationToken);
        Progress.Tell("the dispatchers go on");
        using var measurement = new Measurement(bench);
        var resumed = Stopwatch.GetTimestamp();
        await Bench.AwaitAsync(piled, Task.CompletedTask, cancellationToken);
        var drained = measurement.End(piled, Stopwatch.GetElapsedTime(resumed, piled.LastArrival));
        await memory.DisposeAsync();

        return Report.Print(
            new
            {
                Backlog = piled.Expected,
                Usual = usual,
                Drained = drained,
                MostMemoryMb = new { Usual = usualMemory.MostMb, Backlog = memory.MostMb },
                Aims = Watched
                    .Select(process => Aim.Below(Flat, memory.MostMb[process] / usualMemory.MostMb[process], $"memory of {process} at its most, against the usual rate"))
                    .Prepend(Aim.AtLeast(0.9, drained.DeliveriesPerSecond / usual.DeliveriesPerSecond, "rate at which the backlog drains, against the usual one")),
            },
            usual, drained);
    }

    private static async Task PileUpAsync(Bench bench, Tally piled, CancellationToken cancellationToken)
    {
        await using var stopped = await StoppedProcesses.StopAsync(bench.System.Processes["dispatcher"]);
        Progress.Tell($"the dispatchers are stopped; {piled.Expected} deliveries pile up");
        await bench.Source.PublishAsync(piled, rate: 0, cancellationToken);
        await bench.Subscriptions.WhenPendingAsync(piled.Expected, cancellationToken);
    }
}
