using Npgsql;

namespace Webhooks.Database;

/// <summary>A transaction that waits for something other than the database between two of its statements.</summary>
public static class IdleTransaction
{
    /// <summary>Lets the one at hand stand still for ten seconds, where others may for three (<see cref="ConnectionSettings"/>).</summary>
    public static async Task AllowAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SET LOCAL idle_in_transaction_session_timeout = '10s'", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
