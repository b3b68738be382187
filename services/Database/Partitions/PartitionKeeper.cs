using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Database.Partitions;

/// <summary>Keeps the day partitions ahead of the clock while a service runs.</summary>
internal sealed partial class PartitionKeeper(DayPartitions partitions, NpgsqlDataSource database, TimeProvider clock, ILogger<PartitionKeeper> logger) : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await partitions.EnsureAsync(stoppingToken);
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                // A week of partitions lies ahead: the next hour will do.
                Log.Postponed(logger, DatabaseFault.Describe(fault, database));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; the next day partitions are tried for again in an hour")]
        public static partial void Postponed(ILogger logger, string reason);
    }
}
