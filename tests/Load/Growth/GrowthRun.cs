using System.Text.Json;
using Npgsql;
using Webhooks.Load.Measuring;
using Webhooks.Load.Publishing;
using Webhooks.Load.Receiving;
using Webhooks.Load.Running;

namespace Webhooks.Load.Growth;

/// <summary>What a delivery costs in fresh tables, and in tables that hold millions of attempts of the same day.</summary>
internal static class GrowthRun
{
    private const int Chunk = 100_000;

    public static async Task<int> RunAsync(LoadOptions options, int attempts, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartOrUseAsync(options.Endpoints, cancellationToken);
        await using var receiver = await Receiver.StartAsync(fanout: 1, cancellationToken);
        await using var source = new EventSource(system.Amqp);
        using var subscriptions = new LoadSubscriptions(system);
        await subscriptions.ReplaceAsync([new Wanted(receiver.Url(0))], options.Profile, cancellationToken);
        LoadRun.Progress($"warming up with {options.Warmup} events");
        await PassAsync("warm", options.Warmup);

        var fresh = await MeasureAsync("fresh tables", "fresh");
        await FillAsync(system, attempts, cancellationToken);
        await PassAsync("settle", 2_000);
        var grown = await MeasureAsync($"{attempts} attempts more", "grown");

        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                options.Events,
                AttemptsAdded = attempts,
                Fresh = fresh.Line,
                Grown = grown.Line,
                ThroughputRatio = Math.Round(grown.PerSecond / fresh.PerSecond, 2),
                CostRatio = Math.Round(grown.Cpu / fresh.Cpu, 2),
            },
            Report.Json));
        return 0;

        async Task<(double PerSecond, double Cpu, object Line)> MeasureAsync(string what, string prefix)
        {
            LoadRun.Progress($"{what}: {options.Events} events");
            var before = ProcessCosts.Of(system.Processes);
            var tally = await PassAsync(prefix, options.Events);
            var cpu = ProcessCosts.Of(system.Processes).Since(before).MicrosecondsPer(options.Events);
            return (tally.PerSecond, cpu.Values.Sum(), new { DeliveriesPerSecond = Math.Round(tally.PerSecond), tally.Lost, tally.Duplicates, CpuMicrosecondsPerDelivery = cpu });
        }

        Task<Tally> PassAsync(string prefix, int events) => Passage.RunAsync(source, receiver, new Tally(prefix, events, fanout: 1), rate: 0, cancellationToken);
    }

    /// <summary>Rows as the services leave them, in today's partitions, spread over the subscriptions of a tenant and of others.</summary>
    private static async Task FillAsync(RunningSystem system, int attempts, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(system.Postgres + ";Command Timeout=600");
        for (var done = 0; done < attempts; done += Chunk)
        {
            await using var command = database.CreateCommand(FilledRows.Insert);
            command.Parameters.AddWithValue(Math.Min(Chunk, attempts - done));
            command.Parameters.AddWithValue(EventSource.TenantId);
            await command.ExecuteNonQueryAsync(cancellationToken);
            LoadRun.Progress($"  {Math.Min(attempts, done + Chunk)} of {attempts} attempts made up");
        }

        LoadRun.Progress("analyzing");
        await using var analyze = database.CreateCommand("ANALYZE deliveries, attempts");
        await analyze.ExecuteNonQueryAsync(cancellationToken);
    }
}
