using System.Text.Json.Nodes;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries.Reading;

namespace Webhooks.Dispatcher.Retention;

/// <summary>The SQL of what must be done before a day is dropped, each in chunks that begin behind a key.</summary>
internal sealed class ExpiryStore(NpgsqlDataSource database)
{
    private const int KeysAtOnce = 2_000;
    private const int DeliveriesAtOnce = 1_000;

    // A day may be walked through from end to end and have nothing that waits.
    private const int LongestWalkInSeconds = 600;

    // The day's events are the index of its keys. A key that was made anew since belongs to another event.
    private const string ForgetKeys = """
        WITH chunk AS (
            SELECT created_at, tenant_id, event_id FROM events
            WHERE created_at >= $1 AND created_at < $2 AND (created_at, tenant_id, event_id) > ($3, $4, $5)
            ORDER BY created_at, tenant_id, event_id LIMIT $6
        ), forgotten AS (
            DELETE FROM event_keys AS key USING chunk
            WHERE key.event_id = chunk.event_id AND key.tenant_id = chunk.tenant_id AND key.created_at = chunk.created_at
        )
        SELECT created_at, tenant_id, event_id FROM chunk ORDER BY created_at DESC, tenant_id DESC, event_id DESC LIMIT 1
        """;

    // Through the table, whose triggers count it, and locked in the order of the keys, as in every change of many deliveries.
    private const string CancelPending = """
        UPDATE deliveries SET status = 'canceled', next_attempt_at = NULL, due_at = NULL, lane_due_at = NULL, finished_at = now()
        WHERE created_at >= $1 AND created_at < $2 AND status = 'pending' AND (created_at, id) IN (
            SELECT created_at, id FROM deliveries
            WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) > ($3, $4) AND status = 'pending'
            ORDER BY created_at, id LIMIT $5 FOR UPDATE)
        RETURNING created_at, id, tenant_id, subscription_id
        """;

    /// <summary>Forgets keys of a day's events: a repeat is a new event from then on. Null: there are no more.</summary>
    public async Task<EventKey?> ForgetKeysAsync(DayPartition day, EventKey? after, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ForgetKeys);
        command.CommandTimeout = LongestWalkInSeconds;
        var place = after ?? new EventKey(day.Begin, "", "");
        object[] values = [day.Begin.UtcDateTime, day.End.UtcDateTime, place.CreatedAt.UtcDateTime, place.TenantId, place.EventId, KeysAtOnce];
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new EventKey(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.GetString(2)) : null;
    }

    /// <summary>
    /// Cancels deliveries of a day that still wait, and says so in the audit. Answers how many, and the place behind which there may be
    /// more (null: there are none).
    /// </summary>
    public async Task<(int Canceled, DeliveryKey? Next)> CancelPendingAsync(DayPartition day, DeliveryKey? after, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var places = new List<DeliveryKey>();
        var counts = new Dictionary<(string TenantId, Guid SubscriptionId), int>();
        await using (var command = new NpgsqlCommand(CancelPending, connection) { CommandTimeout = LongestWalkInSeconds })
        {
            var place = after ?? new DeliveryKey(day.Begin, Guid.Empty);
            object[] values = [day.Begin.UtcDateTime, day.End.UtcDateTime, place.CreatedAt.UtcDateTime, place.Id, DeliveriesAtOnce];
            command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                places.Add(new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)));
                var whose = (row.GetString(2), row.GetGuid(3));
                counts[whose] = counts.GetValueOrDefault(whose) + 1;
            }
        }

        if (counts.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands = { AuditInsert.Command([.. counts.Select(count => Audit(day, count.Key.TenantId, count.Key.SubscriptionId, count.Value))]) },
            };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        // Until none is found: one that ended while its lock was waited for is missing from a chunk that was not the last. Ids by
        // their bytes, as PostgreSQL has it.
        return places.Count == 0
            ? (0, null)
            : (places.Count, places.OrderBy(place => place.CreatedAt).ThenBy(place => place.Id.ToString("N"), StringComparer.Ordinal).Last());
    }

    private static AuditEntry Audit(DayPartition day, string tenantId, Guid subscriptionId, int canceled) => Actor.System.Did(
        AuditAction.DeliveriesExpired,
        tenantId,
        PrefixedId.Format(PrefixedId.Subscription, subscriptionId),
        new JsonObject { ["rule"] = "retention", ["reason"] = "expired", ["accepted_on"] = $"{day.Day:yyyy-MM-dd}", ["canceled"] = canceled });
}
