using Npgsql;

namespace Webhooks.TestKit;

/// <summary>What a test asks PostgreSQL beside the code it tests.</summary>
public static class TestSql
{
    // In seconds, unless a test says otherwise: too little on a busy machine.
    private const int DriversTimeout = 30;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task ExecuteAsync(this NpgsqlDataSource database, string sql, params object[] parameters)
    {
        await using var command = Command(database, sql, parameters);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row.</summary>
    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource database, string sql, params object[] parameters)
    {
        await using var command = Command(database, sql, parameters);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The first column of every row.</summary>
    public static async Task<IReadOnlyList<T>> ColumnAsync<T>(this NpgsqlDataSource database, string sql, params object[] parameters)
    {
        await using var command = Command(database, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var column = new List<T>();
        while (await reader.ReadAsync())
        {
            column.Add(reader.GetFieldValue<T>(0));
        }

        return column;
    }

    /// <summary>Runs a statement in a transaction that stays open, with the locks that the statement took, until it is disposed of: rolled back.</summary>
    public static async Task<IAsyncDisposable> HoldAsync(this NpgsqlDataSource database, string sql, params object[] parameters)
    {
        var session = await database.OpenConnectionAsync();
        await session.BeginTransactionAsync();
        await using var command = WithParameters(session.CreateCommand(), parameters);
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
        return session;
    }

    /// <summary>Ends other sessions of this database, as a failover or an administrator would.</summary>
    /// <param name="which">A condition on pg_stat_activity; what it matches must be there.</param>
    public static Task EndSessionsAsync(this NpgsqlDataSource database, string which) => Eventually.TrueAsync(
        async () => await database.ScalarAsync<long>(
            $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}") > 0,
        Limit,
        $"a session where {which}");

    private static NpgsqlCommand Command(NpgsqlDataSource database, string sql, object[] parameters) => WithParameters(database.CreateCommand(sql), parameters);

    private static NpgsqlCommand WithParameters(NpgsqlCommand command, object[] parameters)
    {
        if (command.CommandTimeout == DriversTimeout)
        {
            command.CommandTimeout = (int)Limit.TotalSeconds;
        }

        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        return command;
    }
}
