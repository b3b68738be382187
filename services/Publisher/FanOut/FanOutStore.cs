using System.Collections.Frozen;
using Npgsql;
using Webhooks.Publisher.FanOut.Storing;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Accepts events, each once: decides who gets them before its transaction, and in that inserts their keys, those that are new, and
/// their deliveries. And finds what of them was never attempted, for whoever is handed an event again.
/// </summary>
internal sealed class FanOutStore(NpgsqlDataSource database, SubscriptionCache subscriptions)
{
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
        var plan = FanOutPlan.Of(events, FrozenSet<EventKey>.Empty, config.Index, GroupSize.MostDeliveries, cancellationToken);
        if (plan.Count < events.Count)
        {
            // What repeats would make if they were new divides no group: a producer that publishes all of its outbox again would hold up
            // everybody. Whether an event is new is asked only where it matters; the insert decides.
            var known = await EventKeyInsert.FindKnownAsync(database, events, cancellationToken);
            plan = FanOutPlan.Of(events, known, config.Index, GroupSize.MostDeliveries, cancellationToken);
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
        var keys = await EventKeyInsert.RunAsync(connection, plan.Select(planned => planned.Event), cancellationToken);
        if (keys.CreatedAt.Count == 0)
        {
            return [];
        }

        // After the keys and before the rows. Whoever was disabled while the plan was made gets none of these: they are accepted after
        // that, and so not canceled by it.
        var changed = keys.ConfigVersion > configVersion ? await subscriptions.AtLeastAsync(keys.ConfigVersion, cancellationToken) : null;
        var (events, wanted) = FanOutPlan.StillWanted(plan, keys.CreatedAt, changed);
        await EventInsert.RunAsync(connection, events, cancellationToken);
        var deliveries = await HoldLanesAsync(connection, wanted, cancellationToken);
        await DeliveryInsert.RunAsync(connection, deliveries, dueAtOnce, cancellationToken);
        return deliveries;
    }

    /// <summary>The deliveries of events handed over again that were never attempted: perhaps they were never announced.</summary>
    public async Task<IReadOnlyList<UnattemptedDelivery>> FindUnattemptedAsync(IReadOnlyList<AcceptedEvent> events, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectUnattempted);
        EventKeyInsert.AddKeys(command.Parameters, events);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<UnattemptedDelivery>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new UnattemptedDelivery(
                reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetGuid(2), reader.IsDBNull(3) ? null : reader.GetString(3)));
        }

        return found;
    }

    /// <summary>
    /// Holds open the lanes that the deliveries go into, and wakes their holders with the commit. A lane that was closed since
    /// the configuration was read takes none; one that was opened since is filled by the dispatchers, out of the messages.
    /// Costs nothing as long as nobody of them has a lane.
    /// </summary>
    private static async Task<IReadOnlyList<NewDelivery>> HoldLanesAsync(
        NpgsqlConnection connection, IReadOnlyList<NewDelivery> deliveries, CancellationToken cancellationToken)
    {
        var wanted = deliveries.Where(delivery => delivery.InLane).Select(delivery => delivery.SubscriptionId).ToHashSet();
        if (wanted.Count == 0)
        {
            return deliveries;
        }

        var open = await LaneStatements.HoldOpenAsync(connection, wanted, cancellationToken);
        await LaneStatements.WakeAsync(connection, open, cancellationToken);
        return [.. deliveries.Select(delivery => delivery with { InLane = open.Contains(delivery.SubscriptionId) })];
    }
}
