using Webhooks.Load.Measuring;

namespace Webhooks.Load.Latencies;

/// <summary>Latency at 70 % of the most that this machine does, which is measured first, and at 300 events a second.</summary>
internal static class LatencyRun
{
    private const double Share = 0.7;
    private const double Gentle = 300;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var most = await bench.MeasureAsync("as fast as it goes", bench.Events("most", options.Events), cancellationToken);
        var rate = Share * most.DeliveriesPerSecond;
        var loaded = await PacedAsync("loaded", rate);
        var gentle = await PacedAsync("gentle", Gentle);

        return Report.Print(
            new
            {
                Most = most,
                LoadedPerSecondAsked = Math.Round(rate),
                Loaded = loaded,
                GentlePerSecondAsked = Gentle,
                Gentle = gentle,
                Aims = new[]
                {
                    Aim.Below(150, loaded.LatencyMs["p99"], "p99 in ms at 70 % of the most"),
                    Aim.Below(50, gentle.LatencyMs["p99"], "p99 in ms at 300 events a second"),
                    Aim.SteadyBelow(150, "p99", loaded, "p99 in ms at 70 % of the most, while the machine kept its speed"),
                    Aim.SteadyBelow(50, "p99", gentle, "p99 in ms at 300 events a second, while the machine kept its speed"),
                },
            },
            most, loaded, gentle);

        Task<Side> PacedAsync(string prefix, double pace) =>
            bench.MeasureAsync(prefix, bench.Events(prefix, (int)(pace * Window.TotalSeconds)), cancellationToken, pace);
    }
}
