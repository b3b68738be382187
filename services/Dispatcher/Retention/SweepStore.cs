using Npgsql;

namespace Webhooks.Dispatcher.Retention;

/// <summary>The SQL of deleting old rows of tables that are not split by day.</summary>
internal sealed class SweepStore(NpgsqlDataSource database)
{
    private const int RowsAtOnce = 500;
    private const int FiguresAtOnce = 5_000;

    private const string Parked = """
        DELETE FROM parked WHERE id IN (
            SELECT id FROM parked WHERE created_at < $1 ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    // Few, and without an index of their end.
    private const string Replays = """
        DELETE FROM replays WHERE id IN (
            SELECT id FROM replays WHERE finished_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    private const string Minutes =
        "DELETE FROM delivery_minutes WHERE ctid = ANY (ARRAY(SELECT ctid FROM delivery_minutes WHERE minute < $1 LIMIT $2))";

    private const string Hours =
        "DELETE FROM delivery_hours WHERE ctid = ANY (ARRAY(SELECT ctid FROM delivery_hours WHERE hour < $1 LIMIT $2))";

    /// <summary>Deletes parked messages, replays that have ended, and figures, from before <paramref name="moment"/>.</summary>
    public async Task DeleteBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        foreach (var (sql, limit) in new[] { (Parked, RowsAtOnce), (Replays, RowsAtOnce), (Minutes, FiguresAtOnce), (Hours, FiguresAtOnce) })
        {
            while (await DeleteAsync(sql, moment, limit, cancellationToken) == limit)
            {
                // As long as there are more.
            }
        }
    }

    private async Task<int> DeleteAsync(string sql, DateTimeOffset moment, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(moment.UtcDateTime);
        command.Parameters.AddWithValue(limit);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
