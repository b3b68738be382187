using Npgsql;
using NpgsqlTypes;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Events;

/// <summary>An event as it was accepted.</summary>
/// <param name="Event">In the spelling that every receiver gets.</param>
/// <param name="CreatedAt">The moment of acceptance: the key of its row and of its deliveries' rows.</param>
internal sealed record StoredEvent(AcceptedEvent Event, DateTimeOffset CreatedAt);

/// <summary>Reads events. Always by the moment of acceptance, which names the partition and the primary key.</summary>
internal sealed class EventStore(NpgsqlDataSource database)
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    public const string Columns = "created_at, tenant_id, type, occurred_at, version, context_id, data, metadata, correlation_id, traceparent";

    /// <summary>When an event was accepted; several moments only for an administrator, when tenants use the same id.</summary>
    /// <param name="eventId">As its publisher named it.</param>
    /// <param name="tenantId">Null: any tenant's.</param>
    public async Task<IReadOnlyList<DateTimeOffset>> FindMomentsAsync(string eventId, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT created_at FROM event_keys WHERE event_id = $1 AND ($2::text IS NULL OR tenant_id = $2) ORDER BY created_at DESC");
        command.Parameters.Add(new() { Value = eventId });
        command.Parameters.Add(new() { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var moments = new List<DateTimeOffset>();
        while (await row.ReadAsync(cancellationToken))
        {
            moments.Add(row.GetFieldValue<DateTimeOffset>(0));
        }

        return moments;
    }

    /// <param name="createdAt">When it was accepted.</param>
    /// <param name="eventId">As its publisher named it.</param>
    /// <param name="tenantId">Null: any tenant's.</param>
    public async Task<StoredEvent?> FindAsync(DateTimeOffset createdAt, string eventId, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT {Columns} FROM events WHERE created_at = $1 AND event_id = $2 AND ($3::text IS NULL OR tenant_id = $3)");
        command.Parameters.Add(new() { Value = createdAt });
        command.Parameters.Add(new() { Value = eventId });
        command.Parameters.Add(new() { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row, eventId) : null;
    }

    public static StoredEvent Read(NpgsqlDataReader row, string eventId) => new(
        new AcceptedEvent
        {
            Id = eventId,
            TenantId = row.GetString(1),
            Type = row.GetString(2),
            Timestamp = row.GetString(3),
            Version = row.GetString(4),
            ContextId = row.IsDBNull(5) ? null : row.GetString(5),
            Data = row.GetFieldValue<byte[]>(6),
            Metadata = row.IsDBNull(7) ? null : (ReadOnlyMemory<byte>?)row.GetFieldValue<byte[]>(7),
            CorrelationId = row.IsDBNull(8) ? null : row.GetString(8),
            Traceparent = row.IsDBNull(9) ? null : row.GetString(9),
        },
        row.GetFieldValue<DateTimeOffset>(0));
}
