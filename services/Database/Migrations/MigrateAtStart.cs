using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Partitions;

namespace Webhooks.Database.Migrations;

/// <summary>Holds a service's start until the schema is current; a database that is away is waited for.</summary>
internal sealed partial class MigrateAtStart(
    Migrator migrator, DayPartitions partitions, MigratedSchema schema, NpgsqlDataSource database, TimeProvider clock, ILogger<MigrateAtStart> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await migrator.MigrateAsync(cancellationToken);
                await partitions.EnsureAsync(cancellationToken);
                schema.IsThere();
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
            {
                Log.Waiting(logger, DatabaseFault.Describe(fault, database), Pause.TotalSeconds);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; the start waits for it and tries again in {Seconds} s")]
        public static partial void Waiting(ILogger logger, string reason, double seconds);
    }
}
