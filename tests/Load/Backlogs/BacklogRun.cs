using System.Diagnostics;
using Webhooks.Load.Measuring;

namespace Webhooks.Load.Backlogs;

/// <summary>Deliveries pile up while the dispatchers are stopped (SIGSTOP); then how fast they drain, against the usual rate.</summary>
internal static class BacklogRun
{
    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var usual = await bench.MeasureAsync("the usual rate", bench.Events("usual", options.Events), cancellationToken);

        var piled = bench.Receiver.Expect(bench.Events("piled", backlog / options.Fanout));
        await using (await StoppedProcesses.StopAsync(bench.System.Processes["dispatcher"]))
        {
            Progress.Tell($"the dispatchers are stopped; {piled.Expected} deliveries pile up");
            await bench.Source.PublishAsync(piled, rate: 0, cancellationToken);
            while (await bench.Subscriptions.PendingAsync(cancellationToken) is var pending && pending < piled.Expected)
            {
                Progress.Tell($"  {pending} wait");
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            }
        }

        Progress.Tell("the dispatchers go on");
        var (before, resumed) = (bench.Costs(), Stopwatch.GetTimestamp());
        await Bench.AwaitAsync(piled, Task.CompletedTask, cancellationToken);
        var drained = Side.Of(piled, Stopwatch.GetElapsedTime(resumed, piled.LastArrival), bench.Costs().Since(before));

        return Report.Print(
            new
            {
                Backlog = piled.Expected,
                Usual = usual,
                Drained = drained,
                Aims = new[] { Aim.AtLeast(0.9, drained.DeliveriesPerSecond / usual.DeliveriesPerSecond, "rate at which the backlog drains, against the usual one") },
            },
            usual, drained);
    }
}
