using System.Diagnostics;
using System.Text.Json;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Backlogs;

/// <summary>Deliveries pile up while the dispatchers are stopped (SIGSTOP); then how fast they drain, against the usual rate.</summary>
internal static class BacklogRun
{
    private const int Fanout = 10;

    public static async Task<int> RunAsync(LoadOptions options, int backlog, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(Fanout, cancellationToken);
        await using var source = new EventSource(system.Amqp);
        using var subscriptions = new LoadSubscriptions(system);
        await subscriptions.ReplaceAsync(Enumerable.Range(0, Fanout).Select(number => new Wanted(receiver.Url(number))), options.Profile, cancellationToken);

        LoadRun.Progress($"warming up with {options.Warmup} deliveries");
        await Passage.RunAsync(source, receiver, new Tally("warm", Math.Max(1, options.Warmup / Fanout), Fanout), rate: 0, cancellationToken);
        LoadRun.Progress("the usual rate");
        var before = ProcessCosts.Of(system.Processes);
        var usual = await Passage.RunAsync(source, receiver, new Tally("usual", options.Events / Fanout, Fanout), rate: 0, cancellationToken);
        var usualCosts = ProcessCosts.Of(system.Processes).Since(before).MicrosecondsPer(usual.Expected);

        var piled = receiver.Expect(new Tally("piled", backlog / Fanout, Fanout));
        await using (await StoppedProcesses.StopAsync(system.Processes["dispatcher"]))
        {
            LoadRun.Progress($"the dispatchers are stopped; {backlog} deliveries pile up");
            await source.PublishAsync(piled, rate: 0, cancellationToken);
            while (await subscriptions.PendingAsync(cancellationToken) is var pending && pending < piled.Expected)
            {
                LoadRun.Progress($"  {pending} wait");
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            }
        }

        LoadRun.Progress("the dispatchers go on");
        before = ProcessCosts.Of(system.Processes);
        var resumed = Stopwatch.GetTimestamp();
        await piled.WhenAllArrivedAsync(Task.CompletedTask, TimeSpan.FromMinutes(5), received => LoadRun.Progress($"  {received} of {piled.Expected} received"), cancellationToken);
        var perSecond = piled.Expected / Stopwatch.GetElapsedTime(resumed, piled.LastArrival).TotalSeconds;
        var drainCosts = ProcessCosts.Of(system.Processes).Since(before).MicrosecondsPer(piled.Expected);
        await piled.WhenQuietAsync(TimeSpan.FromSeconds(1), cancellationToken);

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                Backlog = piled.Expected,
                UsualPerSecond = Math.Round(usual.PerSecond),
                DrainedPerSecond = Math.Round(perSecond),
                Ratio = Math.Round(perSecond / usual.PerSecond, 2),
                piled.Lost,
                piled.Duplicates,
                UsualCpuMicrosecondsPerDelivery = usualCosts,
                DrainCpuMicrosecondsPerDelivery = drainCosts,
                MemoryMb = ProcessCosts.Of(system.Processes).Megabytes,
            },
            Report.Json));
        return piled.Lost == 0 ? 0 : 1;
    }
}
