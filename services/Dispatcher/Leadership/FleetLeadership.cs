using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Leadership;

/// <summary>
/// Lets one dispatcher of the fleet lead at a time: the one whose session holds the advisory lock. The lock ends with the session, so a
/// dead leader is replaced at once.
/// </summary>
internal sealed partial class FleetLeadership(NpgsqlDataSource database, TimeProvider clock, ILogger<FleetLeadership> logger)
{
    /// <summary>Arbitrary, and the same in every dispatcher.</summary>
    public const long LockKey = 0x5745_4248_4C45_4144;

    private static readonly TimeSpan Candidacy = TimeSpan.FromMilliseconds(500);

    // Often enough that a leader whose session was ended by the server stops before another has done much.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    // Twice, and a heartbeat's pause, is less than the server waits for a heartbeat (below), and that is counted from its last answer, however late
    // it came: when the server gives the lock to another one, this one leads no more.
    private static readonly TimeSpan LongestBeat = TimeSpan.FromSeconds(1.9);

    // A leader that stands still keeps its session, and does nothing: after some heartbeats that did not come the server ends it. One
    // statement: between two it could stand still as well, with the lock and without the limit.
    private static readonly string Acquire = $"SELECT set_config('idle_session_timeout', '5s', false) WHERE pg_try_advisory_lock({LockKey})";

    /// <summary>Runs <paramref name="lead"/> while this process leads; its token ends with the leadership.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LeadOnceAsync(lead, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                Log.Lost(logger, DatabaseFault.Describe(fault, database), Candidacy.TotalSeconds);
            }

            await Task.Delay(Candidacy, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LeadOnceAsync(Func<CancellationToken, Task> lead, CancellationToken stop)
    {
        await using var session = await database.OpenConnectionAsync(stop);
        if (!await TryAcquireAsync(session, stop))
        {
            return;
        }

        Log.Leading(logger);
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var work = lead(leading.Token);
        try
        {
            await using var heartbeat = new NpgsqlCommand("SELECT 1", session);
            while (!work.IsCompleted)
            {
                await BeatAsync(heartbeat, leading, stop);
                await Task.WhenAny(work, Task.Delay(Heartbeat, clock, stop));
            }
        }
        finally
        {
            await leading.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // A pooled session would keep the lock, and nobody would lead.
            database.Clear();
        }

        await work;
    }

    private async Task BeatAsync(NpgsqlCommand heartbeat, CancellationTokenSource leading, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(LongestBeat, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        var beat = heartbeat.ExecuteScalarAsync(either.Token);
        var isLate = await Task.WhenAny(beat, Task.Delay(LongestBeat, clock, stop)) != beat;
        if (isLate)
        {
            // At once: the statement itself ends only when the driver has tried to have it canceled, over the same network.
            await leading.CancelAsync();
        }

        try
        {
            await beat;
        }
        catch (OperationCanceledException canceled) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException("The leader's session does not answer.", canceled);
        }

        stop.ThrowIfCancellationRequested();
        if (isLate)
        {
            // After all; but the leading has ended.
            throw new TimeoutException("The leader's session answered too late.");
        }
    }

    private async Task<bool> TryAcquireAsync(NpgsqlConnection session, CancellationToken stop)
    {
        try
        {
            await using var acquire = new NpgsqlCommand(Acquire, session);
            return await acquire.ExecuteScalarAsync(stop) is not null;
        }
        catch
        {
            // Canceled at the wrong moment it may have the lock; a pooled session would keep it.
            database.Clear();
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "This dispatcher leads: it announces what is due, cancels what is to be canceled and replays what is to be replayed")]
        public static partial void Leading(ILogger logger);

        [LoggerMessage(2, LogLevel.Warning, "{Reason}; this dispatcher does not lead, and is a candidate again in {Seconds} s")]
        public static partial void Lost(ILogger logger, string reason, double seconds);
    }
}
