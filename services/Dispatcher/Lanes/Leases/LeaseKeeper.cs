using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// Keeps this process's lease, over a connection of its own: a renewal waits neither for one behind the work that needs it, nor for
/// the looking around, which waits for others. One call at a time.
/// </summary>
internal sealed class LeaseKeeper(NpgsqlDataSource database, Lease lease, Contact contact, TimeProvider clock) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;

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
                if (await LeaseStore.RenewAsync(_connection, id, cancellationToken) is { } renewedAt)
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

    /// <summary>Ends the lease; what is still held is free at once.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        var id = lease.Id;
        lease.Lose();
        if (id != 0)
        {
            _connection ??= await database.OpenConnectionAsync(cancellationToken);
            await LeaseStore.EndAsync(_connection, id, cancellationToken);
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
}
