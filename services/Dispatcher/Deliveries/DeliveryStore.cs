using Npgsql;
using NpgsqlTypes;
using Webhooks.Broker.Deliveries;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Settings;
using Webhooks.Dispatcher.Deliveries.Reading;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>What a group's one look at the rows found.</summary>
/// <param name="ConfigVersion">The configuration version at that moment.</param>
internal sealed record LookedUp(long ConfigVersion, IReadOnlyDictionary<Guid, DeliveryRow> Rows);

/// <summary>A delivery whose next attempt the row has to announce, as it was after its last attempt.</summary>
/// <param name="Later">By how much later than it is due.</param>
internal readonly record struct Handed(Guid Id, DateTimeOffset CreatedAt, int LastAttempt, TimeSpan Later = default);

/// <summary>A delivery whose next attempt is due, and is not to be made before some time has passed; as it was after its last attempt.</summary>
internal readonly record struct PutOff(Guid Id, DateTimeOffset CreatedAt, int LastAttempt, TimeSpan Wait);

/// <summary>The SQL of looking at deliveries, and of leaving them to the due-poller.</summary>
internal sealed class DeliveryStore(NpgsqlDataSource database)
{
    private static readonly string SelectRows = $"""
        SELECT delivery.id, delivery.created_at, delivery.subscription_id, delivery.revision, delivery.status, delivery.last_attempt,
               delivery.next_attempt_at, delivery.due_at, delivery.tenant_id, delivery.event_id, delivery.event_type,
               delivery.event_created_at, delivery.lane_due_at, delivery.held,
               event.occurred_at, event.version, event.context_id, event.data, event.metadata, event.correlation_id, event.traceparent
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[])")} AS key (created_at, id)
        JOIN deliveries AS delivery ON delivery.created_at = key.created_at AND delivery.id = key.id
        LEFT JOIN events AS event
          ON event.created_at = delivery.created_at AND event.tenant_id = delivery.tenant_id AND event.event_id = delivery.event_id
         AND {KeyLookup.Within("event.created_at", "$3", "$4")}
        WHERE {KeyLookup.Within("delivery.created_at", "$3", "$4")}
        """;

    // Only for replays, whose events lie in partitions of their own.
    private static readonly string SelectReplayed = $"""
        SELECT key.place::int, event.occurred_at, event.version, event.context_id, event.data, event.metadata, event.correlation_id, event.traceparent
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::text[], $3::text[]) WITH ORDINALITY")} AS key (created_at, tenant_id, event_id, place)
        JOIN events AS event ON event.created_at = key.created_at AND event.tenant_id = key.tenant_id AND event.event_id = key.event_id
        WHERE {KeyLookup.Within("event.created_at", "$4", "$5")}
        """;

    // Only after the attempt that was seen: the broker may have carried the next one nevertheless, and what follows that.
    private static readonly string HandToPoller = $"""
        UPDATE deliveries AS delivery SET due_at = delivery.next_attempt_at + handed.later
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[], $5::int[], $6::interval[])")} AS handed (created_at, id, last_attempt, later)
        WHERE delivery.created_at = handed.created_at AND delivery.id = handed.id AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
          AND delivery.status = 'pending' AND delivery.last_attempt = handed.last_attempt AND delivery.next_attempt_at IS NOT NULL
          AND delivery.lane_due_at IS NULL
        """;

    // A due time of its own: the due-poller, about to clear one that it announced before, would clear the same one.
    private static readonly string PutOffDue = $"""
        UPDATE deliveries AS delivery SET due_at = clock_timestamp() + put_off.wait
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[], $5::int[], $6::interval[])")} AS put_off (created_at, id, last_attempt, wait)
        WHERE delivery.created_at = put_off.created_at AND delivery.id = put_off.id AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
          AND delivery.status = 'pending' AND delivery.last_attempt = put_off.last_attempt AND delivery.lane_due_at IS NULL
        """;

    // As if it had just been announced after ten times in vain, which is as far as Owed/OwedStore counts: so it is not taken for lost,
    // and not brought back, for as long as that can be put off. It waits for somebody who mends what is wrong. Only as it was when work
    // on it failed: what was recorded since, or brought it into a lane, says what comes next.
    private const string SetAside = """
        UPDATE deliveries SET due_at = NULL, lane_due_at = NULL, next_attempt_at = clock_timestamp(), owed_times = 10
        WHERE created_at = $1 AND id = $2 AND status = 'pending' AND last_attempt < $3 AND lane_due_at IS NOT DISTINCT FROM $4
        """;

    private readonly EventsInHand _inHand = new();

    /// <summary>Looks at every delivery of a group at once.</summary>
    public async Task<LookedUp> LookUpAsync(IReadOnlyList<DeliveryMessage> messages, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(SettingsStore.SelectConfigVersion));
        var select = new NpgsqlBatchCommand(SelectRows);
        select.Parameters.Add(new NpgsqlParameter<DateTime[]> { TypedValue = [.. messages.Select(message => message.CreatedAt.UtcDateTime)] });
        select.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. messages.Select(message => message.DeliveryId)] });
        select.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = messages.Min(message => message.CreatedAt).UtcDateTime });
        select.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = messages.Max(message => message.CreatedAt).UtcDateTime });
        batch.BatchCommands.Add(select);

        long configVersion;
        var rows = new Dictionary<Guid, DeliveryRow>(messages.Count);
        var events = new EventRows(_inHand);
        List<DeliveryRow>? replays = null;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            configVersion = reader.GetInt64(0);

            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var row = Read(reader, events);
                rows[row.Id] = row;
                if (row.EventCreatedAt is not null)
                {
                    (replays ??= []).Add(row);
                }
            }
        }

        if (replays is not null)
        {
            await AddEventsAsync(connection, replays, events, rows, cancellationToken);
        }

        return new LookedUp(configVersion, rows);
    }

    /// <summary>Whose delivery a message is about; null: there is no such delivery.</summary>
    public async Task<string?> TenantOfAsync(DeliveryMessage message, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT tenant_id FROM deliveries WHERE created_at = $1 AND id = $2");
        command.Parameters.AddWithValue(message.CreatedAt.UtcDateTime);
        command.Parameters.AddWithValue(message.DeliveryId);
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Has a delivery that was parked wait to be put back.</summary>
    /// <param name="message">What was parked of it.</param>
    /// <param name="laneDueAt">When it was due in its lane, which it leaves; null: it was in none.</param>
    /// <param name="cancellationToken">The shutdown has run out of time.</param>
    public async Task<int> SetAsideAsync(DeliveryMessage message, DateTimeOffset? laneDueAt, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SetAside);
        command.Parameters.AddWithValue(message.CreatedAt.UtcDateTime);
        command.Parameters.AddWithValue(message.DeliveryId);
        command.Parameters.AddWithValue(message.Number);
        command.Parameters.Add(new() { Value = (object?)laneDueAt?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Leaves pending deliveries' next attempts to the due-poller, because the broker does not carry them.</summary>
    public async Task<int> HandToPollerAsync(IReadOnlyList<Handed> handed, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(HandToPoller);
        var columns = KeyColumns.Add(command.Parameters, handed, delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id));
        columns.Add(delivery => delivery.LastAttempt);
        columns.Add(delivery => delivery.Later);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Leaves pending deliveries' next attempts to the due-poller, each after its wait.</summary>
    public async Task<int> PutOffAsync(IReadOnlyList<PutOff> putOff, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(PutOffDue);
        var columns = KeyColumns.Add(command.Parameters, putOff, delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id));
        columns.Add(delivery => delivery.LastAttempt);
        columns.Add(delivery => delivery.Wait);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task AddEventsAsync(
        NpgsqlConnection connection, List<DeliveryRow> replays, EventRows events, Dictionary<Guid, DeliveryRow> rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectReplayed, connection);
        var columns = new Columns<DeliveryRow>(command.Parameters, replays);
        columns.Add(replay => replay.EventCreatedAt!.Value.UtcDateTime);
        columns.Add(replay => replay.Event.TenantId);
        columns.Add(replay => replay.Event.Id);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = replays.Min(replay => replay.EventCreatedAt!.Value).UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = replays.Max(replay => replay.EventCreatedAt!.Value).UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var replay = replays[reader.GetInt32(0) - 1];
            var key = new EventKey(replay.EventCreatedAt!.Value, replay.Event.TenantId, replay.Event.Id);
            rows[replay.Id] = replay with { Event = events.Read(reader, key, replay.Event.Type, at: 1) };
        }
    }

    private static DeliveryRow Read(NpgsqlDataReader reader, EventRows events) => new()
    {
        Id = reader.GetGuid(0),
        CreatedAt = reader.GetFieldValue<DateTimeOffset>(1),
        SubscriptionId = reader.GetGuid(2),
        Revision = reader.GetInt32(3),
        Status = reader.GetString(4),
        LastAttempt = reader.GetInt32(5),
        NextAttemptAt = reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6),
        DueAt = reader.IsDBNull(7) ? null : reader.GetFieldValue<DateTimeOffset>(7),
        EventCreatedAt = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
        LaneDueAt = reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12),
        Held = reader.IsDBNull(13) ? null : reader.GetFieldValue<TimeSpan>(13),
        Event = events.Read(reader, new EventKey(reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(8), reader.GetString(9)), reader.GetString(10), at: 14),
    };
}
