using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Publisher.FanOut.Storing;

/// <summary>What the inserting of keys has found out.</summary>
/// <param name="ConfigVersion">The configuration's, a moment before.</param>
/// <param name="CreatedAt">The moment of acceptance of each event that is new.</param>
internal readonly record struct InsertedKeys(long ConfigVersion, IReadOnlyDictionary<EventKey, DateTimeOffset> CreatedAt);

/// <summary>The SQL of the keys by which events are known for ever: whoever inserts an event's key has accepted the event.</summary>
internal static class EventKeyInsert
{
    // Each event gets a microsecond of its own: (created_at) alone then finds an event's deliveries by their primary key.
    // Sorted, because two publishers that insert the same keys in different orders would deadlock.
    private const string Insert = """
        INSERT INTO event_keys (tenant_id, event_id, created_at)
        SELECT tenant_id, event_id, now() + place * interval '1 microsecond'
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS event (tenant_id, event_id, place)
        ORDER BY tenant_id, event_id
        ON CONFLICT (tenant_id, event_id) DO NOTHING
        RETURNING tenant_id, event_id, created_at
        """;

    private const string SelectKnown = """
        SELECT tenant_id, event_id FROM unnest($1::text[], $2::text[]) AS event (tenant_id, event_id)
        WHERE EXISTS (SELECT 1 FROM event_keys AS key WHERE key.tenant_id = event.tenant_id AND key.event_id = event.event_id)
        """;

    /// <summary>Takes the keys of the events that are new.</summary>
    public static async Task<InsertedKeys> RunAsync(
        NpgsqlConnection connection, IEnumerable<AcceptedEvent> events, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(SettingsStore.SelectConfigVersion));
        var insert = new NpgsqlBatchCommand(Insert);
        AddKeys(insert.Parameters, [.. events]);
        batch.BatchCommands.Add(insert);

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var configVersion = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        var createdAt = new Dictionary<EventKey, DateTimeOffset>();
        while (await reader.ReadAsync(cancellationToken))
        {
            createdAt.Add(new EventKey(reader.GetString(0), reader.GetString(1)), reader.GetFieldValue<DateTimeOffset>(2));
        }

        return new InsertedKeys(configVersion, createdAt);
    }

    /// <summary>Which of the events were accepted before.</summary>
    public static async Task<IReadOnlySet<EventKey>> FindKnownAsync(
        NpgsqlDataSource database, IReadOnlyList<AcceptedEvent> events, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectKnown);
        AddKeys(command.Parameters, events);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var known = new HashSet<EventKey>();
        while (await reader.ReadAsync(cancellationToken))
        {
            known.Add(new EventKey(reader.GetString(0), reader.GetString(1)));
        }

        return known;
    }

    /// <summary>Two parameters: the tenants, and the ids.</summary>
    public static void AddKeys(NpgsqlParameterCollection parameters, IReadOnlyList<AcceptedEvent> events)
    {
        var columns = new Columns<AcceptedEvent>(parameters, events);
        columns.Add(received => received.TenantId);
        columns.Add(received => received.Id);
    }
}
