using Npgsql;
using Webhooks.Database.Auditing;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;
using Webhooks.Management.Deliveries;

namespace Webhooks.Management.Replays;

/// <summary>Replays one delivery, at once: its row is all that it takes.</summary>
internal sealed class SingleReplay(NpgsqlDataSource database)
{
    /// <summary>The new delivery, or why there is none.</summary>
    public async Task<(StoredDelivery? Made, string? Refusal)> MakeAsync(StoredDelivery original, Actor by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (refusal, revision, moment) = await LookAsync(connection, original, cancellationToken);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        var replay = NewReplay.At(
            new Replayable
            {
                Original = new DeliveryKey(original.CreatedAt, original.Id),
                EventCreatedAt = original.EventMoment,
                TenantId = original.TenantId,
                EventId = original.EventId,
                EventType = original.EventType,
                SubscriptionId = original.SubscriptionId,
                Revision = revision,
            },
            moment,
            place: 0,
            dueAt: moment);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { ReplayInsert.Command([replay]), AuditInsert.Command(ReplayAudit.Replayed(original, replay.Key, by)) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (
            original with
            {
                Id = replay.Key.Id,
                CreatedAt = replay.Key.CreatedAt,
                Revision = revision,
                Status = DeliveryStatus.Pending,
                NextAttemptAt = replay.DueAt,
                ReplayOf = original.Id,
                EventCreatedAt = original.EventMoment,
            },
            null);
    }

    private static async Task<(string? Refusal, int Revision, DateTimeOffset Moment)> LookAsync(
        NpgsqlConnection connection, StoredDelivery original, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT delivery.status, subscription.state, subscription.deleted_at IS NOT NULL, subscription.revision, clock_timestamp(),
                   EXISTS (SELECT 1 FROM events WHERE created_at = $3 AND tenant_id = delivery.tenant_id AND event_id = delivery.event_id)
            FROM deliveries AS delivery JOIN subscriptions AS subscription ON subscription.id = delivery.subscription_id
            WHERE delivery.created_at = $1 AND delivery.id = $2
            """,
            connection);
        command.Parameters.Add(new() { Value = original.CreatedAt });
        command.Parameters.Add(new() { Value = original.Id });
        command.Parameters.Add(new() { Value = original.EventMoment });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var refusal = !await row.ReadAsync(cancellationToken) ? "The delivery or its subscription is not kept any more."
            : row.GetString(0) == DeliveryStatus.Pending ? "The delivery is pending: it is on its way, and can be replayed when it has ended."
            : row.GetBoolean(2) ? "The subscription is deleted: a replay would be canceled at once."
            : row.GetString(1) == "disabled" ? "The subscription is disabled: a replay would be canceled at once. Make it active first."
            : row.GetBoolean(5) ? null : "The event is not kept any more: there is nothing to send.";
        return refusal is null ? (null, row.GetInt32(3), row.GetFieldValue<DateTimeOffset>(4)) : (refusal, 0, default);
    }
}
