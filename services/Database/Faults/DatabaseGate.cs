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

    // A server whose disk is full, or that has become a standby, answers a question and refuses our work at once again.
    private static readonly TimeSpan Relapse = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task? _recovery;
    private long? _openedAt;
    private long? _relapsedAt;

    /// <summary>False while the database is away.</summary>
    public bool IsOpen => Volatile.Read(ref _recovery) is null;

    /// <summary>True while the database answers, but refuses our work again and again.</summary>
    public bool IsRefusing
    {
        get
        {
            lock (_lock)
            {
                return IsRecent(_relapsedAt);
            }
        }
    }

    /// <summary>Raised once per outage, before the probing.</summary>
    public event Action? Closed;

    /// <summary>Raised once per outage, when the database answers again.</summary>
    public event Action? Opened;

    /// <summary>Runs <paramref name="work"/> until it succeeds, or fails by its data or the schema, which is thrown.</summary>
    public Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync(work, static () => { }, cancellationToken);

    /// <summary>The same, for work that must tell what it did itself from what others did.</summary>
    /// <param name="work">May be repeated.</param>
    /// <param name="inDoubt">A try has failed by a fault of ours: it may have been committed, and the next one finds what it left.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, Action inDoubt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(inDoubt);
        while (true)
        {
            try
            {
                return await work(cancellationToken);
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                // Who has canceled is told just that, whatever came first.
                cancellationToken.ThrowIfCancellationRequested();
                inDoubt();
                await RecoverAsync(fault).WaitAsync(cancellationToken);
            }
            catch (Exception fault) when (DatabaseFault.IsOfTheSchema(fault))
            {
                Log.OfTheSchema(logger, DatabaseFault.Describe(fault, database));
                throw;
            }
        }
    }

    /// <summary>Ends the probing. Not waited for: a server that says nothing would be (<see cref="ServiceLoop"/>).</summary>
    public void Dispose() => _ = _stop.CancelAsync();

    private Task RecoverAsync(Exception fault)
    {
        lock (_lock)
        {
            // A single deadlock or lost connection also comes here; the probe then answers at once. It is everybody's:
            // whoever came first may stop waiting without taking it from the others.
            return _recovery ??= Begin(fault);
        }
    }

    private Task Begin(Exception fault)
    {
        var isRelapse = IsRecent(_openedAt);
        // Told once: it may go on for as long as it takes to find another disk.
        var level = !isRelapse || !IsRecent(_relapsedAt) ? LogLevel.Warning : LogLevel.Debug;
        _relapsedAt = isRelapse ? clock.GetTimestamp() : null;
        return Task.Run(() => ProbeUntilOpenAsync(fault, level, isRelapse ? LongestPause : FirstPause, _stop.Token), CancellationToken.None);
    }

    private bool IsRecent(long? moment) => moment is { } since && clock.GetElapsedTime(since) < Relapse;

    private async Task ProbeUntilOpenAsync(Exception fault, LogLevel level, TimeSpan firstPause, CancellationToken cancellationToken)
    {
        Log.Closed(logger, level, DatabaseFault.Describe(fault, database), LongestPause.TotalSeconds);
        Closed?.Invoke();
        try
        {
            for (var pause = firstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause, clock, cancellationToken);
                if (await AnswersAsync(cancellationToken))
                {
                    Log.Opened(logger, level == LogLevel.Warning ? LogLevel.Information : level);
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
                _openedAt = clock.GetTimestamp();
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
        [LoggerMessage(EventId = 1, Message = "{Reason}; holding what is in hand, taking nothing more, and asking at least every {Seconds} s whether it answers")]
        public static partial void Closed(ILogger logger, LogLevel level, string reason, double seconds);

        [LoggerMessage(EventId = 2, Message = "PostgreSQL answers again: going on")]
        public static partial void Opened(ILogger logger, LogLevel level);

        [LoggerMessage(3, LogLevel.Error, "{Reason}. What was being worked on is not to blame: a table, a partition, a column or a right is missing. The next start of a service migrates the schema and makes the partitions of these days")]
        public static partial void OfTheSchema(ILogger logger, string reason);
    }
}
