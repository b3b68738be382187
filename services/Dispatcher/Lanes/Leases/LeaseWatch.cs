using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>Looks after the others' leases: ends those that ran out, and sees who is alive and what nobody holds. One call at a time.</summary>
internal sealed class LeaseWatch(NpgsqlDataSource database) : IAsyncDisposable
{
    // Of its own: taking over must not wait for one behind what is served.
    private NpgsqlConnection? _connection;

    public async Task<Fleet> LookAroundAsync(CancellationToken cancellationToken)
    {
        try
        {
            _connection ??= await database.OpenConnectionAsync(cancellationToken);
            await LeaseStore.EndOverdueAsync(_connection, cancellationToken);
            return await LeaseStore.LookAroundAsync(_connection, cancellationToken);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }
}
