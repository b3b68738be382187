using Npgsql;

namespace Webhooks.Publisher.Suspects;

/// <summary>The SQL of trying messages by themselves. A row is there from the beginning of a try to its end, so those that stay are of the dead.</summary>
internal sealed class SuspectStore(NpgsqlDataSource database)
{
    /// <summary>How many tries began and did not end.</summary>
    public async Task<int> TriesAsync(byte[] message, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT tries FROM suspects WHERE message = $1");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message });
        return await command.ExecuteScalarAsync(cancellationToken) as int? ?? 0;
    }

    /// <summary>Notes which try begins. A number, and not one more: this is repeated when its answer is lost.</summary>
    public async Task BeginAsync(byte[] message, int tries, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "INSERT INTO suspects (message, tries) VALUES ($1, $2) ON CONFLICT (message) DO UPDATE SET tries = EXCLUDED.tries");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = tries });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>It has ended, one way or the other.</summary>
    public async Task EndAsync(byte[] message, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM suspects WHERE message = $1");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
