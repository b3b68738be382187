using Microsoft.Extensions.Logging;
using Npgsql;

namespace Webhooks.Database.Faults;

/// <summary>
/// Runs database work so that our own fault never loses it: the caller's work is held, the gate closes (consumers
/// stop taking more), the database is probed from outside, and the work is repeated once it answers.
/// Only work that may be repeated belongs here.
/// </summary>
public sealed partial class DatabaseGate(NpgsqlDataSource database, TimeProvider clock, ILogger<DatabaseGate> logger) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _recovery;

    /// <summary>False while the database is away.</summary>
    public bool IsOpen => Volatile.Read(ref _recovery) is null;

    /// <summary>Raised once per outage, before the probing.</summary>
    public event Action? Closed;

    /// <summary>Raised once per outage, when the database answers again.</summary>
    public event Action? Opened;

    /// <summary>Runs <paramref name="work"/> until it succeeds or fails by its data, which is thrown.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await work(cancellationToken);
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
            {
                await RecoverAsync(fault).WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Completes when the database is thought to answer.</summary>
    public Task WhenOpenAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _recovery) is { } recovery ? recovery.WaitAsync(cancellationToken) : Task.CompletedTask;

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private Task RecoverAsync(Exception fault)
    {
        lock (_lock)
        {
            // A single deadlock or lost connection also comes here; the probe then answers at once. It is everybody's:
            // whoever came first may stop waiting without taking it from the others.
            return _recovery ??= Task.Run(() => ProbeUntilOpenAsync(fault, _stop.Token), CancellationToken.None);
        }
    }

    private async Task ProbeUntilOpenAsync(Exception fault, CancellationToken cancellationToken)
    {
        Log.Closed(logger, DatabaseFault.Describe(fault, database), LongestPause.TotalSeconds);
        Closed?.Invoke();
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause, clock, cancellationToken);
                if (await AnswersAsync(cancellationToken))
                {
                    Log.Opened(logger);
                    return;
                }
            }
        }
        finally
        {
            // Told before a next outage can begin, so that the two always alternate.
            Opened?.Invoke();
            lock (_lock)
            {
                _recovery = null;
            }
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var probe = database.CreateCommand("SELECT 1");
            probe.CommandTimeout = 2;
            await probe.ExecuteScalarAsync(cancellationToken);
            return true;
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; holding what is in hand, taking nothing more, and asking at least every {Seconds} s whether it answers")]
        public static partial void Closed(ILogger logger, string reason, double seconds);

        [LoggerMessage(2, LogLevel.Information, "PostgreSQL answers again: going on")]
        public static partial void Opened(ILogger logger);
    }
}
