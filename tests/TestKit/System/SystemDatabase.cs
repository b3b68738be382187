using Npgsql;

namespace Webhooks.TestKit;

/// <summary>The system's own database, for the last question of a scenario: does it agree with what was received?</summary>
public sealed class SystemDatabase(string connectionString) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // Not pooled: after PostgreSQL was killed, a pool hands out connections that are dead.
    private readonly NpgsqlDataSource _database =
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });

    /// <summary>How many of a tenant's deliveries have each status.</summary>
    public async Task<IReadOnlyDictionary<string, long>> StatusesAsync(string tenantId)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var command = Command(connection, "SELECT status, count(*) FROM deliveries WHERE tenant_id = $1 GROUP BY status", [tenantId]);
        await using var row = await command.ExecuteReaderAsync();
        var statuses = new Dictionary<string, long>();
        while (await row.ReadAsync())
        {
            statuses[row.GetString(0)] = row.GetInt64(1);
        }

        return statuses;
    }

    /// <summary>Asks for one number; $1 and so on stand for the arguments.</summary>
    public async Task<long> CountAsync(string sql, params object[] arguments)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var command = Command(connection, sql, arguments);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Asks for rows, and reads each.</summary>
    public async Task<IReadOnlyList<TRow>> RowsAsync<TRow>(string sql, Func<NpgsqlDataReader, TRow> read, params object[] arguments)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var command = Command(connection, sql, arguments);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<TRow>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Asks as often as the database answers, until the number is not 0; for moments that do not last.</summary>
    public async Task WatchAsync(string sql, params object[] arguments)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var command = Command(connection, sql, arguments);
        await command.PrepareAsync();
        using var limit = new CancellationTokenSource(Limit);
        while ((long)(await command.ExecuteScalarAsync(limit.Token))! == 0)
        {
        }
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] arguments)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)Limit.TotalSeconds };
        foreach (var argument in arguments)
        {
            command.Parameters.AddWithValue(argument);
        }

        return command;
    }
}
