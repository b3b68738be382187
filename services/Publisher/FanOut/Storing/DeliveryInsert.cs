using Npgsql;
using Webhooks.Database;

namespace Webhooks.Publisher.FanOut.Storing;

/// <summary>The SQL of deliveries' rows.</summary>
internal static class DeliveryInsert
{
    // One statement's arrays stay within a few megabytes even for an event with 100,000 subscribers.
    private const int AtOnce = 5_000;

    // The sequence numbers the deliveries in the order of their events: the order of acceptance.
    private const string Insert = """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, due_at, lane_due_at, ordering_key)
        SELECT created_at, id, tenant_id, event_id, event_type, subscription_id, revision,
               CASE WHEN $10 AND NOT in_lane THEN created_at END, CASE WHEN in_lane THEN created_at END,
               CASE WHEN in_lane THEN ordering_key END
        FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::int[], $8::boolean[], $9::bigint[]) WITH ORDINALITY
            AS delivery (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, in_lane, ordering_key, place)
        ORDER BY place
        """;

    /// <param name="connection">In the transaction that accepts the events.</param>
    /// <param name="deliveries">In the order of acceptance.</param>
    /// <param name="dueAtOnce">The due-poller announces those that are in no lane.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task RunAsync(
        NpgsqlConnection connection, IReadOnlyList<NewDelivery> deliveries, bool dueAtOnce, CancellationToken cancellationToken)
    {
        foreach (var chunk in deliveries.Chunk(AtOnce))
        {
            await RunAsync(connection, chunk, dueAtOnce, cancellationToken);
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, NewDelivery[] deliveries, bool dueAtOnce, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Insert, connection);
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
}
