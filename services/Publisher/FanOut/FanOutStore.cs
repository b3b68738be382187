using Npgsql;
using Webhooks.Database;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Lanes;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Publisher.FanOut;

/// <summary>The SQL of the fan-out: keys, events and deliveries in one transaction.</summary>
internal sealed class FanOutStore(NpgsqlDataSource database, SubscriptionCache subscriptions)
{
    // One statement's arrays stay within a few megabytes even for an event with 100,000 subscribers.
    private const int DeliveriesPerStatement = 5_000;

    private static readonly HashSet<EventKey> Nothing = [];

    // Each event gets a microsecond of its own: (created_at) alone then finds an event's deliveries by their primary key.
    // Sorted, because two publishers that insert the same keys in different orders would deadlock.
    private const string InsertKeys = """
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

    private const string InsertEvents = """
        INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, context_id, data, metadata, correlation_id, traceparent)
        SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::text[], $11::text[])
        """;

    // The sequence numbers the deliveries in the order of their events: the order of acceptance.
    private const string InsertDeliveries = """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, due_at, lane_due_at, ordering_key)
        SELECT created_at, id, tenant_id, event_id, event_type, subscription_id, revision,
               CASE WHEN $10 AND NOT in_lane THEN created_at END, CASE WHEN in_lane THEN created_at END,
               CASE WHEN in_lane THEN ordering_key END
        FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::int[], $8::boolean[], $9::bigint[]) WITH ORDINALITY
            AS delivery (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, in_lane, ordering_key, place)
        ORDER BY place
        """;

    private const string SelectUnattempted = """
        SELECT delivery.id, delivery.created_at, delivery.subscription_id, event.traceparent
        FROM unnest($1::text[], $2::text[]) AS repeated (tenant_id, event_id)
        JOIN event_keys AS key USING (tenant_id, event_id)
        JOIN events AS event USING (created_at, tenant_id, event_id)
        JOIN deliveries AS delivery USING (created_at, tenant_id, event_id)
        WHERE delivery.status = 'pending' AND delivery.last_attempt = 0 AND delivery.lane_due_at IS NULL
        ORDER BY delivery.seq
        """;

    /// <summary>
    /// Accepts those of the events that are new and inserts a delivery per match; the first of them only, if all would make more than
    /// <see cref="GroupSize.MostDeliveries"/>. An event is accepted once this returns; from then on nothing may lose it.
    /// </summary>
    public async Task<Acceptance> AcceptAsync(IReadOnlyList<AcceptedEvent> events, CancellationToken cancellationToken)
    {
        // Read after the events have come: a subscription whose creation was answered before one of them was published is matched.
        var config = await subscriptions.FreshAsync(cancellationToken);
        var plan = FanOutPlan.Of(events, Nothing, config.Index, GroupSize.MostDeliveries, cancellationToken);
        if (plan.Count < events.Count)
        {
            // What repeats would make if they were new divides no group: a producer that publishes all of its outbox again would hold up
            // everybody. Whether an event is new is asked only where it matters; the insert decides.
            plan = FanOutPlan.Of(events, await FindKnownAsync(events, cancellationToken), config.Index, GroupSize.MostDeliveries, cancellationToken);
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var deliveries = await AcceptAsync(connection, plan, config.Version, dueAtOnce: false, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Acceptance(plan.Count, deliveries);
    }

    /// <summary>The same, of a plan, within a transaction of the caller.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="plan">In the order of acceptance.</param>
    /// <param name="configVersion">That of the configuration by which it was made.</param>
    /// <param name="dueAtOnce">
    /// True: the due-poller announces the deliveries, so that nothing but the commit is needed. False: the caller does, after the commit.
    /// </param>
    public async Task<IReadOnlyList<NewDelivery>> AcceptAsync(
        NpgsqlConnection connection, IReadOnlyList<PlannedEvent> plan, long configVersion, bool dueAtOnce, CancellationToken cancellationToken)
    {
        var (events, planned) = await InsertKeysAsync(connection, plan, configVersion, cancellationToken);
        if (events.Count == 0)
        {
            return [];
        }

        await InsertEventsAsync(connection, events, cancellationToken);
        var deliveries = await HoldLanesAsync(connection, planned, cancellationToken);
        foreach (var chunk in deliveries.Chunk(DeliveriesPerStatement))
        {
            await InsertDeliveriesAsync(connection, chunk, dueAtOnce, cancellationToken);
        }

        return deliveries;
    }

    /// <summary>The deliveries of events handed over again that were never attempted: perhaps they were never announced.</summary>
    public async Task<IReadOnlyList<UnattemptedDelivery>> FindUnattemptedAsync(IReadOnlyList<AcceptedEvent> events, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectUnattempted);
        AddKeys(command.Parameters, events);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<UnattemptedDelivery>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new UnattemptedDelivery(
                reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetGuid(2), reader.IsDBNull(3) ? null : reader.GetString(3)));
        }

        return found;
    }

    /// <summary>Takes the keys of the events that are new; answers these, and the deliveries that they make.</summary>
    private async Task<(List<NewEvent> Events, List<NewDelivery> Deliveries)> InsertKeysAsync(
        NpgsqlConnection connection, IReadOnlyList<PlannedEvent> plan, long plannedVersion, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT value FROM settings WHERE name = 'config_version'"));
        var insert = new NpgsqlBatchCommand(InsertKeys);
        AddKeys(insert.Parameters, [.. plan.Select(planned => planned.Event)]);
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

        // Whoever was disabled while the plan was made gets none of these: they are accepted after that, and so not canceled by it.
        var changed = createdAt.Count > 0 && configVersion > plannedVersion ? await subscriptions.AtLeastAsync(configVersion, cancellationToken) : null;

        // In the order of arrival; of an event that stands twice in the group, the first.
        var events = new List<NewEvent>(createdAt.Count);
        var deliveries = new List<NewDelivery>();
        foreach (var planned in plan)
        {
            if (createdAt.Remove(EventKey.Of(planned.Event), out var moment))
            {
                var accepted = new NewEvent(planned.Event, moment);
                events.Add(accepted);
                deliveries.AddRange(planned.Takers.Where(taker => changed is null || StillTakes(taker, changed)).Select(taker => NewDelivery.For(accepted, taker)));
            }
        }

        return (events, deliveries);
    }

    private static bool StillTakes(Taker taker, ConfigSnapshot config) =>
        config.ById.TryGetValue(taker.Subscription.Id, out var now)
        && SubscriptionMatch.TakesEvents(now) && now.CancelBefore == taker.Subscription.CancelBefore;

    private async Task<HashSet<EventKey>> FindKnownAsync(IReadOnlyList<AcceptedEvent> events, CancellationToken cancellationToken)
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

    private static async Task InsertEventsAsync(NpgsqlConnection connection, List<NewEvent> events, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertEvents, connection);
        var columns = new Columns<NewEvent>(command.Parameters, events);
        columns.Add(accepted => accepted.CreatedAt.UtcDateTime);
        columns.Add(accepted => accepted.Event.TenantId);
        columns.Add(accepted => accepted.Event.Id);
        columns.Add(accepted => accepted.Event.Type);
        columns.Add(accepted => accepted.Event.AcceptedAt(accepted.CreatedAt).Timestamp);
        columns.Add(accepted => accepted.Event.Version);
        columns.Add(accepted => accepted.Event.ContextId);
        columns.Add(accepted => accepted.Event.Data.ToArray());
        columns.Add(accepted => accepted.Event.Metadata?.ToArray());
        columns.Add(accepted => accepted.Event.CorrelationId);
        columns.Add(accepted => accepted.Event.Traceparent);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task InsertDeliveriesAsync(NpgsqlConnection connection, NewDelivery[] deliveries, bool dueAtOnce, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertDeliveries, connection);
        var columns = new Columns<NewDelivery>(command.Parameters, deliveries);
        columns.Add(delivery => delivery.Of.CreatedAt.UtcDateTime);
        columns.Add(delivery => delivery.Id);
        columns.Add(delivery => delivery.Of.Event.TenantId);
        columns.Add(delivery => delivery.Of.Event.Id);
        columns.Add(delivery => delivery.Of.Event.Type);
        columns.Add(delivery => delivery.SubscriptionId);
        columns.Add(delivery => delivery.Revision);
        columns.Add(delivery => delivery.InLane);
        columns.Add(delivery => delivery.OrderingKey);
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = dueAtOnce });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Holds open the lanes that the deliveries go into, and wakes their holders with the commit. A lane that was closed since
    /// the configuration was read takes none; one that was opened since is filled by the dispatchers, out of the messages.
    /// Costs nothing as long as nobody of them has a lane.
    /// </summary>
    private static async Task<List<NewDelivery>> HoldLanesAsync(
        NpgsqlConnection connection, List<NewDelivery> deliveries, CancellationToken cancellationToken)
    {
        var wanted = deliveries.Where(delivery => delivery.InLane).Select(delivery => delivery.SubscriptionId).ToHashSet();
        if (wanted.Count == 0)
        {
            return deliveries;
        }

        var open = await LaneStatements.HoldOpenAsync(connection, wanted, cancellationToken);
        await LaneStatements.WakeAsync(connection, open, cancellationToken);
        return deliveries.ConvertAll(delivery => delivery with { InLane = open.Contains(delivery.SubscriptionId) });
    }

    private static void AddKeys(NpgsqlParameterCollection parameters, IReadOnlyList<AcceptedEvent> events)
    {
        var columns = new Columns<AcceptedEvent>(parameters, events);
        columns.Add(received => received.TenantId);
        columns.Add(received => received.Id);
    }
}
