using Npgsql;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>A subscription that was disabled or deleted: its deliveries accepted up to a moment end as canceled.</summary>
internal readonly record struct CancelIntent(Guid SubscriptionId, DateTimeOffset Before);

/// <summary>The SQL of carrying out what Management intends.</summary>
internal sealed class CancelStore(NpgsqlDataSource database)
{
    private const string SelectIntents = """
        SELECT id, cancel_before FROM subscriptions
        WHERE cancel_before IS NOT NULL AND canceled_until IS DISTINCT FROM cancel_before
        """;

    // Locked in the order of their keys, as whoever else changes many of them has it: unsorted ones wait for each other.
    private const string CancelChunk = """
        UPDATE deliveries SET status = 'canceled', next_attempt_at = NULL, due_at = NULL, lane_due_at = NULL, finished_at = now()
        WHERE status = 'pending' AND (created_at, id) IN (
            SELECT created_at, id FROM deliveries
            WHERE subscription_id = $1 AND status = 'pending' AND created_at <= $2
            ORDER BY created_at, id LIMIT $3 FOR UPDATE)
        """;

    private const string MarkDone = """
        UPDATE subscriptions SET canceled_until = $2 WHERE id = $1 AND cancel_before = $2
        """;

    public async Task<IReadOnlyList<CancelIntent>> FindIntentsAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectIntents);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var intents = new List<CancelIntent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            intents.Add(new CancelIntent(reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1)));
        }

        return intents;
    }

    /// <summary>Cancels up to <paramref name="limit"/> deliveries; answers how many it found.</summary>
    public async Task<int> CancelAsync(CancelIntent intent, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(CancelChunk, intent);
        command.Parameters.AddWithValue(limit);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task MarkDoneAsync(CancelIntent intent, CancellationToken cancellationToken)
    {
        await using var command = Command(MarkDone, intent);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, CancelIntent intent)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(intent.SubscriptionId);
        command.Parameters.AddWithValue(intent.Before.UtcDateTime);
        return command;
    }
}
