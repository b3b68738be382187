using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>A subscription that was disabled or deleted: its deliveries accepted up to a moment end as canceled.</summary>
internal readonly record struct CancelIntent(Guid SubscriptionId, DateTimeOffset Before);

/// <summary>The SQL of canceling: what Management intends, and what a look finds that its subscription does not take any more.</summary>
internal sealed class CancelStore(NpgsqlDataSource database)
{
    // A subscription may be walked through from its oldest kept delivery to its youngest and have none that waits.
    private const int LongestWalkInSeconds = 600;

    private const string SelectIntents = """
        SELECT id, cancel_before FROM subscriptions
        WHERE cancel_before IS NOT NULL AND canceled_until IS DISTINCT FROM cancel_before
        """;

    // A statement of its own, which locks nothing, because it may take minutes: what is locked can be recorded by nobody meanwhile.
    private const string FindChunk = """
        SELECT created_at, id FROM deliveries
        WHERE subscription_id = $1 AND status = 'pending' AND created_at >= $3 AND (created_at, id) > ($3, $4) AND created_at <= $2
        ORDER BY created_at, id LIMIT $5
        """;

    // Some may have ended since they were found or looked at.
    private static readonly string Cancel = $"""
        UPDATE deliveries AS delivery
        SET status = 'canceled', next_attempt_at = NULL, due_at = NULL, lane_due_at = NULL, finished_at = now()
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[])")} AS found (created_at, id)
        WHERE delivery.created_at = found.created_at AND delivery.id = found.id AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
          AND delivery.status = 'pending'
        """;

    // Whoever holds the subscription, and for however long, does not hold up what is to be canceled for others.
    private const string MarkDone = """
        UPDATE subscriptions SET canceled_until = $2
        WHERE id = (SELECT id FROM subscriptions WHERE id = $1 AND cancel_before = $2 FOR UPDATE SKIP LOCKED)
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

    /// <summary>
    /// Cancels up to <paramref name="limit"/> deliveries behind a place (null: from the first); answers the place behind which there may
    /// be more (null: there are none).
    /// </summary>
    /// <remarks>What a publisher that does not know of the change yet commits in front of the place is canceled by the look before its send.</remarks>
    public async Task<DeliveryKey?> CancelAsync(CancelIntent intent, DeliveryKey? after, int limit, CancellationToken cancellationToken)
    {
        var found = await FindAsync(intent, after, limit, cancellationToken);
        if (found.Count == 0)
        {
            return null;
        }

        await CancelAsync(found, cancellationToken);
        // Of what was found, whatever became of it: behind it there may be more.
        return found[^1];
    }

    /// <summary>Cancels deliveries, those of them that still wait.</summary>
    /// <param name="deliveries">One at least, in any order.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<int> CancelAsync(IReadOnlyList<DeliveryKey> deliveries, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Cancel);
        KeyColumns.Add(command.Parameters, deliveries, delivery => delivery);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>False: somebody holds the subscription, or has stopped it again since.</summary>
    public async Task<bool> MarkDoneAsync(CancelIntent intent, CancellationToken cancellationToken)
    {
        await using var command = Command(MarkDone, intent);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private async Task<IReadOnlyList<DeliveryKey>> FindAsync(CancelIntent intent, DeliveryKey? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(FindChunk, intent);
        command.CommandTimeout = LongestWalkInSeconds;
        command.Parameters.AddWithValue(after?.CreatedAt.UtcDateTime ?? DateTime.UnixEpoch);
        command.Parameters.AddWithValue(after?.Id ?? Guid.Empty);
        command.Parameters.AddWithValue(limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<DeliveryKey>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)));
        }

        return found;
    }

    private NpgsqlCommand Command(string sql, CancelIntent intent)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(intent.SubscriptionId);
        command.Parameters.AddWithValue(intent.Before.UtcDateTime);
        return command;
    }
}
