using Npgsql;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>
/// A transaction that opens or closes a subscription's lane. It locks the subscription's row before the lane's, as a change of the
/// subscription does, and stamps it with the next configuration version: that is how every cache learns of it.
/// </summary>
internal sealed class DoorTransaction : IAsyncDisposable
{
    /// <summary>The limits of one that waits for locks as any statement does.</summary>
    // Who stands still here holds the lane, and after the stamp the fleet's configuration: the database lets both go.
    public const string Brief = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)";

    private const string LockSubscription = "SELECT config_version FROM subscriptions WHERE id = $1 FOR NO KEY UPDATE";

    private const string Stamp = $"""
        WITH {ConfigVersion.Next}
        UPDATE subscriptions SET config_version = version.value FROM version WHERE id = $1
        RETURNING {ConfigVersion.Notify}
        """;

    private readonly NpgsqlTransaction _transaction;
    private readonly Guid _subscriptionId;

    private DoorTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid subscriptionId) =>
        (Connection, _transaction, _subscriptionId) = (connection, transaction, subscriptionId);

    public NpgsqlConnection Connection { get; }

    /// <summary>The subscription's configuration version, since its row is locked; null: there is no such subscription.</summary>
    public long? Version { get; private set; }

    /// <param name="database">Whose connection it takes.</param>
    /// <param name="limits">A statement; <see cref="Brief"/>, or one that begins with it.</param>
    /// <param name="subscriptionId">Whose lane it is.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<DoorTransaction> BeginAsync(
        NpgsqlDataSource database, string limits, Guid subscriptionId, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var begun = new DoorTransaction(connection, await connection.BeginTransactionAsync(cancellationToken), subscriptionId);
            await begun.AskAsync(limits, cancellationToken);
            begun.Version = (long?)await begun.AskAsync(LockSubscription, cancellationToken, subscriptionId);
            return begun;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>One statement after the other: each one's snapshot is newer than the locks of those before.</summary>
    public async Task<object?> AskAsync(string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Last of all: every change of the fleet's configuration waits for the others at the stamp.</summary>
    public async Task StampAndCommitAsync(CancellationToken cancellationToken)
    {
        await AskAsync(Stamp, cancellationToken, _subscriptionId);
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
