using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// Keeps this process's lease, over a connection of its own, so that a renewal never waits for a free connection while all of them
/// are at work. Apart from <see cref="LeaseWatch"/>, whose statements may wait for other dispatchers. With each renewal the others are
/// told whether this one takes lanes. One call at a time.
/// </summary>
internal sealed partial class LeaseKeeper(
    NpgsqlDataSource database, Lease lease, Contact contact, TimeProvider clock, ILogger<LeaseKeeper> logger) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;
    private long _lookedAt;
    private volatile bool _takesLanes;

    /// <summary>Under which id it is held; 0: not at all.</summary>
    public long Id => lease.Id;

    // Shorter than the hesitation (LaneLife): so nothing is handed over to one whose looks hang.
    private bool TakesLanes => _takesLanes && clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) < Lease.Term;

    /// <summary>It has looked around, and taken all that it found to be its own: for a term others choose it, too.</summary>
    public void TakeLanes()
    {
        Volatile.Write(ref _lookedAt, clock.GetTimestamp());
        _takesLanes = true;
    }

    /// <summary>It takes nothing from now on, however long it keeps its lease for what it has yet.</summary>
    public void TakeNoMoreLanes() => _takesLanes = false;

    /// <summary>Renews the lease each beat. An outage lets it run out.</summary>
    public async Task KeepAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            // Counted from the beginning of a renewal. Counted from its end, the renewals of a slow database would be so far apart
            // that Contact saw gaps: nobody would judge, and the lanes of one that died would stay with it.
            var beat = Task.Delay(Lease.Beat, clock, ending);
            try
            {
                await RenewAsync(ending);
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) || ending.IsCancellationRequested)
            {
                Log.NotRenewed(logger, fault.Message);
            }

            await beat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Begins or renews the lease. When somebody else has ended it, nothing that was held is held any more, and another one is begun.
    /// </summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            _connection ??= await database.OpenConnectionAsync(cancellationToken);
            while (true)
            {
                var askedAt = clock.GetTimestamp();
                var id = lease.Id is var held and not 0 ? held : await LeaseStore.BeginAsync(_connection, cancellationToken);
                if (await LeaseStore.RenewAsync(_connection, id, TakesLanes, cancellationToken) is { } renewedAt)
                {
                    lease.Hold(id, askedAt);
                    contact.Renewed(renewedAt);
                    return;
                }

                lease.Lose();
            }
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Ends the lease: lanes that are still held are free at once. When the database is away, it runs out instead.</summary>
    public async Task EndAsync(CancellationToken abandon)
    {
        var id = lease.Id;
        lease.Lose();
        if (id == 0)
        {
            return;
        }

        try
        {
            _connection ??= await database.OpenConnectionAsync(abandon);
            await LeaseStore.EndAsync(_connection, id, abandon);
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault) || abandon.IsCancellationRequested)
        {
            Log.NotEnded(logger, fault.Message);
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "This dispatcher could not renew its lease: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Debug, "This dispatcher could not end its lease, which runs out by itself: {Reason}")]
        public static partial void NotEnded(ILogger logger, string reason);
    }
}
