using Npgsql;

namespace Webhooks.Publisher.Suspects;

/// <summary>The SQL of tries: a message has a row from the beginning of a try to its end. A row that stays tells of a publisher that died amid it.</summary>
internal sealed class SuspectStore(NpgsqlDataSource database)
{
    /// <summary>How many tries began and did not end.</summary>
    public async Task<int> TriesAsync(byte[] message, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT tries FROM suspects WHERE message = $1");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = message });
        return await command.ExecuteScalarAsync(cancellationToken) as int? ?? 0;
    }

    /// <summary>Notes that this try begins. The number is set and not counted up, because this is repeated when its answer is lost.</summary>
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
