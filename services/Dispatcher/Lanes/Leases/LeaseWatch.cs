using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// Ends the leases of other dispatchers that ran out, unless the database was away a moment ago: then theirs ran out for that, too
/// (<see cref="Contact"/>). And answers who takes lanes, which ones nobody holds, and which this dispatcher holds. One call at a time.
/// </summary>
internal sealed class LeaseWatch(NpgsqlDataSource database, Contact contact) : IAsyncDisposable
{
    // Of its own: a lane must not stay with a dispatcher that died because all connections are at work.
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
