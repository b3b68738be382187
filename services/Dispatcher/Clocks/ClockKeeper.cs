using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Clocks;

/// <summary>Asks the database for its time, before anything is recorded and from then on.</summary>
internal sealed partial class ClockKeeper(
    DatabaseTime time, [FromKeyedServices(ClocksModule.Wall)] TimeProvider wall, NpgsqlDataSource database, DatabaseGate gate, ILogger<ClockKeeper> logger) : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Noteworthy = TimeSpan.FromSeconds(5);
    private const int RoundsPerLine = 60;

    /// <summary>Waits for the first answer, but no service waits for a database to start.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Task first = gate.RunAsync(AskAsync, CancellationToken.None);
        await first.WaitAsync(Interval, wall, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var rounds = 0; ; rounds = time.Ahead.Duration() > Noteworthy ? rounds + 1 : 0)
        {
            if (rounds % RoundsPerLine == 1)
            {
                Log.Differs(logger, time.Ahead);
            }

            await Task.Delay(Interval, wall, stoppingToken);
            await gate.RunAsync(AskAsync, stoppingToken);
        }
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT clock_timestamp()");
        var (asked, began) = (wall.GetUtcNow(), wall.GetTimestamp());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        time.Learn(asked, wall.GetElapsedTime(began), row.GetFieldValue<DateTimeOffset>(0));
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "PostgreSQL's clock is {Ahead} ahead of this process's. What is recorded goes by PostgreSQL's; signatures carry this one's time, and receivers refuse one that is minutes off: set the clock")]
        public static partial void Differs(ILogger logger, TimeSpan ahead);
    }
}
