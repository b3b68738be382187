using System.Text;
using Webhooks.Contracts;

namespace Webhooks.Management.Tests.Deliveries;

/// <summary>An event as Publisher accepts it: its key, its row, a delivery for each subscription.</summary>
internal sealed record Accepted(string EventId, DateTimeOffset CreatedAt, IReadOnlyList<string> Deliveries)
{
    private static int _number;

    public static Task<Accepted> EventAsync(ManagementApi api, string tenantId, string type = "exception.created") =>
        EventAsync(api, tenantId, type, subscriptions: null);

    /// <param name="api">Whose database.</param>
    /// <param name="tenantId">Whose event.</param>
    /// <param name="type">Its type.</param>
    /// <param name="subscriptions">Ids as people see them; null: a new one.</param>
    /// <param name="createdAt">When; null: now.</param>
    /// <param name="eventId">Its id; null: a new one.</param>
    /// <param name="data">Its data.</param>
    public static async Task<Accepted> EventAsync(
        ManagementApi api, string tenantId, string type, IReadOnlyList<string>? subscriptions, DateTimeOffset? createdAt = null, string? eventId = null, string data = """{"amount":1000.0}""")
    {
        subscriptions ??= [(await api.SubscribeAsync(tenantId)).Id];
        eventId ??= $"evt_{tenantId}_{Interlocked.Increment(ref _number)}";
        await using var command = api.Database.CreateCommand(
            """
            WITH key AS (
                INSERT INTO event_keys (tenant_id, event_id, created_at) VALUES ($1, $2, coalesce($6, clock_timestamp())) RETURNING *
            ), event AS (
                INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, context_id, data, metadata)
                SELECT created_at, tenant_id, event_id, $3, '2024-01-20T10:30:00.5+01:00', '1.0', NULL, $4, '{"source":"tests"}'::bytea FROM key
            ), places AS (
                SELECT * FROM unnest($5::uuid[]) WITH ORDINALITY AS place (subscription_id, number)
            )
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            SELECT key.created_at,
                   -- UUIDv7 of the moment: 48 bits of milliseconds, the version, the variant, and chance.
                   (lpad(to_hex(floor(extract(epoch FROM key.created_at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid,
                   key.tenant_id, key.event_id, $3, places.subscription_id, s.revision
            FROM key, places JOIN subscriptions s ON s.id = places.subscription_id
            ORDER BY places.number
            RETURNING id, created_at
            """);
        command.Parameters.Add(new() { Value = tenantId });
        command.Parameters.Add(new() { Value = eventId });
        command.Parameters.Add(new() { Value = type });
        command.Parameters.Add(new() { Value = Encoding.UTF8.GetBytes(data) });
        command.Parameters.Add(new() { Value = subscriptions.Select(id => PrefixedId.TryParse(PrefixedId.Subscription, id, out var parsed) ? parsed : Guid.Empty).ToArray() });
        command.Parameters.Add(new() { Value = (object?)createdAt ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        await using var row = await command.ExecuteReaderAsync();
        var deliveries = new List<string>();
        var at = default(DateTimeOffset);
        while (await row.ReadAsync())
        {
            deliveries.Add(PrefixedId.Format(PrefixedId.Delivery, row.GetGuid(0)));
            at = row.GetFieldValue<DateTimeOffset>(1);
        }

        return new Accepted(eventId, at, deliveries);
    }
}
