using Npgsql;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Deliveries;

/// <summary>
/// Reads single deliveries and their attempts, always by a moment of acceptance: one partition, its primary key; an event's
/// replays by an index of theirs.
/// </summary>
internal sealed class DeliveryStore(NpgsqlDataSource database)
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = "id, created_at, tenant_id, event_id, event_type, subscription_id, revision, status, next_attempt_at, replay_of, event_created_at";

    /// <summary>Null: there is none, or it is another tenant's.</summary>
    public async Task<StoredDelivery?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        if (!DeliveryId.TryReadMoment(id, out var from, out var to))
        {
            return null;
        }

        await using var command = database.CreateCommand($"SELECT {Columns} FROM deliveries WHERE created_at >= $1 AND created_at < $2 AND id = $3");
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = to });
        command.Parameters.Add(new() { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && Read(row) is var found && (tenantId is null || found.TenantId == tenantId) ? found : null;
    }

    /// <summary>An event's deliveries, replays included, in the order they were made.</summary>
    public async Task<IReadOnlyList<StoredDelivery>> OfEventAsync(DateTimeOffset createdAt, AcceptedEvent accepted, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {Columns}
            FROM (SELECT {Columns}, seq FROM deliveries WHERE created_at = $1 AND event_id = $2 AND tenant_id = $3
                  UNION ALL
                  SELECT {Columns}, seq FROM deliveries WHERE event_created_at = $1 AND event_id = $2 AND tenant_id = $3 AND created_at > $1) AS of_event
            ORDER BY seq
            """);
        command.Parameters.Add(new() { Value = createdAt });
        command.Parameters.Add(new() { Value = accepted.Id });
        command.Parameters.Add(new() { Value = accepted.TenantId });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var deliveries = new List<StoredDelivery>();
        while (await row.ReadAsync(cancellationToken))
        {
            deliveries.Add(Read(row));
        }

        return deliveries;
    }

    public async Task<IReadOnlyList<StoredAttempt>> AttemptsAsync(StoredDelivery delivery, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT number, started_at, duration_ms, outcome, status_code, error, request_url, request_headers,
                   response_headers, response_body, next_attempt_at, trace_id
            FROM attempts WHERE created_at = $1 AND delivery_id = $2 ORDER BY number
            """);
        command.Parameters.Add(new() { Value = delivery.CreatedAt });
        command.Parameters.Add(new() { Value = delivery.Id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var attempts = new List<StoredAttempt>();
        while (await row.ReadAsync(cancellationToken))
        {
            attempts.Add(new StoredAttempt(
                row.GetInt32(0),
                row.GetFieldValue<DateTimeOffset>(1),
                row.GetInt32(2),
                row.GetString(3),
                row.IsDBNull(4) ? null : row.GetInt32(4),
                row.IsDBNull(5) ? null : row.GetString(5),
                row.GetString(6),
                row.GetString(7),
                row.IsDBNull(8) ? null : row.GetString(8),
                row.IsDBNull(9) ? null : row.GetFieldValue<byte[]>(9),
                row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10),
                row.IsDBNull(11) ? null : row.GetString(11)));
        }

        return attempts;
    }

    public static StoredDelivery Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetFieldValue<DateTimeOffset>(1),
        row.GetString(2),
        row.GetString(3),
        row.GetString(4),
        row.GetGuid(5),
        row.GetInt32(6),
        row.GetString(7),
        row.IsDBNull(8) ? null : row.GetFieldValue<DateTimeOffset>(8),
        row.IsDBNull(9) ? null : row.GetGuid(9),
        row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10));
}
