using Npgsql;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>
/// A transaction that opens or closes subscriptions' lanes. Who uses it locks the subscriptions' rows before the lanes', as a change of
/// a subscription does. It stamps them with the next configuration version: that is how every cache learns of it.
/// </summary>
internal sealed class DoorTransaction : IAsyncDisposable
{
    /// <summary>The limits of one that waits for locks as any statement does.</summary>
    // Who stands still here holds the lane, and after the stamp the fleet's configuration: the database lets both go.
    public const string Brief = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)";

    private const string Stamp = $"""
        WITH {ConfigVersion.Next}
        UPDATE subscriptions SET config_version = version.value FROM version WHERE id = ANY($1)
        RETURNING {ConfigVersion.Notify}
        """;

    private readonly NpgsqlTransaction _transaction;

    private DoorTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) => (Connection, _transaction) = (connection, transaction);

    public NpgsqlConnection Connection { get; }

    /// <param name="database">Whose connection it takes.</param>
    /// <param name="limits">A statement; <see cref="Brief"/>, or one that begins with it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<DoorTransaction> BeginAsync(NpgsqlDataSource database, string limits, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var begun = new DoorTransaction(connection, await connection.BeginTransactionAsync(cancellationToken));
            await begun.AskAsync(limits, cancellationToken);
            return begun;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>One statement after the other: each one's snapshot is newer than the locks of those before. Null also for an answer of null.</summary>
    public async Task<object?> AskAsync(string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        return await command.ExecuteScalarAsync(cancellationToken) is var answer and not DBNull ? answer : null;
    }

    /// <summary>Last of all: every change of the fleet's configuration waits for the others at the stamp.</summary>
    public async Task StampAndCommitAsync(Guid[] subscriptionIds, CancellationToken cancellationToken)
    {
        await AskAsync(Stamp, cancellationToken, subscriptionIds);
        await CommitAsync(cancellationToken);
    }

    /// <summary>What changes nothing of which the caches know.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    /// <summary>Whatever was not committed comes to nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
