using Webhooks.Load.Floor;
using Webhooks.Load.Measuring;

namespace Webhooks.Load;

/// <summary>One measurement from start to finish: floor, warm-up, run, floor again, report.</summary>
internal static class LoadRun
{
    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var floorBefore = await FloorAsync(bench, options, cancellationToken);
        var run = await bench.MeasureAsync($"fan-out {options.Fanout}", bench.Events("load", options.Events), cancellationToken, options.Rate);
        var floor = (floorBefore + await FloorAsync(bench, options, cancellationToken)) / 2;

        return Report.Print(
            new
            {
                options.Events,
                options.Fanout,
                EventsPerSecondAsked = options.Rate > 0 ? options.Rate : (double?)null,
                run.DeliveriesPerSecond,
                run.LatencyMs,
                run.SteadyLatencyMs,
                run.SteadyShare,
                run.MachineSlowShare,
                run.Lost,
                run.Duplicates,
                Floor = Math.Round(floor),
                RatioToFloor = Math.Round(run.DeliveriesPerSecond / floor, 3),
                run.CpuMicrosecondsPerDelivery,
                run.MemoryMb,
            },
            run);
    }

    private static async Task<double> FloorAsync(Bench bench, LoadOptions options, CancellationToken cancellationToken)
    {
        Progress.Tell("measuring the floor: a bare signed HTTP loop to the same receiver");
        return await FloorLoop.MeasureAsync(bench.Receiver.Url(0), bench.Receiver.SampleBody, bench.Subscriptions.Secret, options.Profile, cancellationToken);
    }
}
