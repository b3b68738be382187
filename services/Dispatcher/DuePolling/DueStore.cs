using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.DuePolling;

/// <summary>A delivery whose next attempt is due and which the broker does not carry.</summary>
internal readonly record struct DueDelivery(Guid Id, DateTimeOffset CreatedAt, Guid SubscriptionId, int LastAttempt, DateTimeOffset DueAt);

/// <summary>The SQL of the due-poller.</summary>
internal sealed class DueStore(NpgsqlDataSource database)
{
    private const string SelectDue = """
        SELECT id, created_at, subscription_id, last_attempt, due_at FROM deliveries
        WHERE due_at <= now() AND status = 'pending'
        ORDER BY due_at
        LIMIT $1
        """;

    // Only if unchanged: an attempt that was recorded meanwhile has set its own due time. Once announced, the broker carries it, and
    // next_attempt_at says since when: by that Owed/ finds what the broker loses. IS NOT DISTINCT FROM rather than =, so that the rows are
    // found by their keys: with = the planner may walk through the index of all that is due, which it believes to be little
    // until the next ANALYZE, once for each of them.
    private static readonly string ClearAnnounced = $"""
        UPDATE deliveries AS delivery SET due_at = NULL, next_attempt_at = $6
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[], $5::timestamptz[])")} AS announced (created_at, id, due_at)
        WHERE delivery.created_at = announced.created_at AND delivery.id = announced.id AND delivery.due_at IS NOT DISTINCT FROM announced.due_at
          AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
        """;

    public async Task<IReadOnlyList<DueDelivery>> FindDueAsync(int limit, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DeliveryScan.InOrder));
        var select = new NpgsqlBatchCommand(SelectDue);
        select.Parameters.AddWithValue(limit);
        batch.BatchCommands.Add(select);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var due = new List<DueDelivery>();
        while (await reader.ReadAsync(cancellationToken))
        {
            due.Add(new DueDelivery(
                reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetGuid(2), reader.GetInt32(3), reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return due;
    }

    /// <summary>Leaves them to the broker; answers how many were unchanged. May be repeated.</summary>
    /// <param name="announced">What was announced.</param>
    /// <param name="at">When that was, as the messages say it.</param>
    /// <param name="cancellationToken">The end of the leadership.</param>
    public async Task<int> ClearAsync(IReadOnlyList<DueDelivery> announced, DateTimeOffset at, CancellationToken cancellationToken)
    {
        // In the order of their keys, not of their times: the first of them are being recorded meanwhile.
        await using var command = database.CreateCommand(ClearAnnounced);
        var columns = KeyColumns.Add(command.Parameters, announced, delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id));
        columns.Add(delivery => delivery.DueAt.UtcDateTime);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = at.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
