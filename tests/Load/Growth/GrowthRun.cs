using Webhooks.Load.Filling;
using Webhooks.Load.Measuring;

namespace Webhooks.Load.Growth;

/// <summary>What a delivery costs in fresh tables, and in tables that hold millions of attempts.</summary>
internal static class GrowthRun
{
    public static async Task<int> RunAsync(LoadOptions options, int attempts, CancellationToken cancellationToken)
    {
        await using var bench = await Bench.StartAsync(options, cancellationToken);
        await bench.WarmUpAsync(cancellationToken);
        var fresh = await MeasureAsync("fresh", "fresh tables");
        Progress.Tell($"making up {attempts} attempts");
        await MadeUpHistory.AddAsync(bench, attempts, cancellationToken);
        var grown = await MeasureAsync("grown", $"{attempts} attempts more");

        return Report.Print(
            new
            {
                options.Events,
                AttemptsAdded = attempts,
                Fresh = fresh,
                Grown = grown,
                ThroughputRatio = Math.Round(grown.DeliveriesPerSecond / fresh.DeliveriesPerSecond, 3),
                Aims = new[]
                {
                    Aim.Below(1.10, grown.Cost / fresh.Cost, $"CPU of a delivery among {attempts} attempts more, against fresh tables"),
                    Aim.Below(1.10, grown.CostOf("postgres") / fresh.CostOf("postgres"), "CPU of PostgreSQL alone"),
                },
            },
            fresh, grown);

        // Twice the same, the first time so that services and caches are as warm before the filling as after it.
        async Task<Side> MeasureAsync(string prefix, string what)
        {
            await bench.PassAsync(bench.Events($"{prefix}first", options.Events), cancellationToken);
            return await bench.MeasureAsync(what, bench.Events(prefix, options.Events), cancellationToken);
        }
    }
}
