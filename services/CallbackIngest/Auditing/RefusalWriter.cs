using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Database.Auditing;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>Writes refusals into the audit, a group a second. Nobody waits for it: while the database is away they wait in memory, as many as fit.</summary>
internal sealed partial class RefusalWriter(
    RefusalTally tally, NpgsqlDataSource database, DatabaseGate gate, CallbackMetrics metrics, TimeProvider clock, ILogger<RefusalWriter> logger)
    : ServiceLoop
{
    private const int GroupLimit = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Taken, and perhaps written: whoever does not hear whether they were, writes the same entries once more.
    private IReadOnlyList<AuditEntry> _inHand = [];

    /// <summary>After the last request: what is left, counts of a minute that is not over included.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // It would write the same beside us.
        if (IsLeftBehind || !await LastWrite.TryAsync(limit => WriteAllAsync(DateTimeOffset.MaxValue, limit), clock))
        {
            Log.Unwritten(logger);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await WriteAllAsync(clock.GetUtcNow(), stoppingToken);
        }
    }

    private async Task WriteAllAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (_inHand.Count > 0 || Take(now))
        {
            await gate.RunAsync(token => WriteAsync(_inHand, token), cancellationToken);
            _inHand = [];
        }
    }

    private bool Take(DateTimeOffset now)
    {
        var (refusals, dropped) = tally.Take(now, GroupLimit);
        if (dropped > 0)
        {
            metrics.RefusalsDropped(dropped);
            Log.Dropped(logger, dropped, RefusalTally.MostOfOne, RefusalTally.Most);
        }

        _inHand = [.. refusals.Select(refusal => refusal.ToEntry())];
        return _inHand.Count > 0;
    }

    private async Task<bool> WriteAsync(IReadOnlyList<AuditEntry> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { AuditInsert.Command(rows) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Calls} refused calls are not in the audit: {MostOfOne} rows of their caller, or {Most} in all, were waiting to be written to the database")]
        public static partial void Dropped(ILogger logger, int calls, int mostOfOne, int most);

        [LoggerMessage(2, LogLevel.Warning, "The last refused calls are not in the audit: the database did not answer before the end")]
        public static partial void Unwritten(ILogger logger);
    }
}
