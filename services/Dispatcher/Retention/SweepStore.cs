using Npgsql;

namespace Webhooks.Dispatcher.Retention;

/// <summary>The SQL of deleting old rows of tables that are not split by day.</summary>
internal sealed class SweepStore(NpgsqlDataSource database)
{
    private const int RowsAtOnce = 500;

    private const string Parked = """
        DELETE FROM parked WHERE id IN (
            SELECT id FROM parked WHERE created_at < $1 ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    // Few, and without an index of their end.
    private const string Replays = """
        DELETE FROM replays WHERE id IN (
            SELECT id FROM replays WHERE finished_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>Deletes parked messages, and replays that have ended, from before <paramref name="moment"/>.</summary>
    public async Task DeleteBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        foreach (var sql in new[] { Parked, Replays })
        {
            while (await DeleteAsync(sql, moment, cancellationToken) == RowsAtOnce)
            {
                // As long as there are more.
            }
        }
    }

    private async Task<int> DeleteAsync(string sql, DateTimeOffset moment, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(moment.UtcDateTime);
        command.Parameters.AddWithValue(RowsAtOnce);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
