using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// Looks after the others' leases: ends those that ran out, unless the database was away for us a moment ago and so for them, and
/// sees who is alive, what nobody holds, and what this dispatcher does. One call at a time.
/// </summary>
internal sealed class LeaseWatch(NpgsqlDataSource database, Contact contact) : IAsyncDisposable
{
    // Of its own: taking over must not wait for one behind what is served.
    private NpgsqlConnection? _connection;

    /// <param name="own">The id of this dispatcher's lease.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Fleet> LookAroundAsync(long own, CancellationToken cancellationToken)
    {
        try
        {
            _connection ??= await database.OpenConnectionAsync(cancellationToken);
            if (contact.JudgesUntil is { } until)
            {
                await LeaseStore.EndOverdueAsync(_connection, until, cancellationToken);
            }

            return await LeaseStore.LookAroundAsync(_connection, own, cancellationToken);
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
