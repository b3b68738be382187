using Npgsql;

namespace Webhooks.Dispatcher.Lanes.Ordering;

/// <summary>
/// The SQL of an ordered lane: the oldest of each key, at the price of one step in an index a key, however many wait behind it.
/// Nothing is written: the order is a property of the rows.
/// </summary>
internal sealed class HeadStore(NpgsqlDataSource database)
{
    private const string Columns = "id, created_at, lane_due_at, lane_due_at - clock_timestamp()";

    // From each key to the first entry of the next one.
    private const string SelectNext = $"""
        WITH RECURSIVE head AS (
            (SELECT ordering_key, id, created_at, lane_due_at, 1 AS place FROM deliveries
             WHERE subscription_id = $1 AND ordering_key >= $2 AND lane_due_at IS NOT NULL
             ORDER BY ordering_key, seq LIMIT 1)
            UNION ALL
            SELECT next.ordering_key, next.id, next.created_at, next.lane_due_at, head.place + 1
            FROM head CROSS JOIN LATERAL (
                SELECT ordering_key, id, created_at, lane_due_at FROM deliveries
                WHERE subscription_id = $1 AND ordering_key > head.ordering_key AND lane_due_at IS NOT NULL
                ORDER BY ordering_key, seq LIMIT 1) AS next
            WHERE head.place < $3
        )
        SELECT ordering_key, {Columns} FROM head
        """;

    private const string SelectOf = $"""
        SELECT ordering_key, {Columns}
        FROM unnest($2::bigint[]) AS asked (key) CROSS JOIN LATERAL (
            SELECT ordering_key, id, created_at, lane_due_at FROM deliveries
            WHERE subscription_id = $1 AND ordering_key = asked.key AND lane_due_at IS NOT NULL
            ORDER BY seq LIMIT 1) AS head
        """;

    // Replays, events without a key, and what was accepted before the order was asked for: they wait for no other, and are read apart.
    private const string SelectLoose = $"""
        SELECT 0::bigint, {Columns} FROM deliveries
        WHERE subscription_id = $1 AND lane_due_at IS NOT NULL AND ordering_key IS NULL
        ORDER BY lane_due_at, seq
        LIMIT $2
        """;

    /// <summary>Null: the lane is not this dispatcher's any more.</summary>
    /// <param name="lane">Held.</param>
    /// <param name="search">What for.</param>
    public async Task<FoundHeads?> FindAsync(HeldLane lane, HeadSearch search, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                LaneStore.IsHolder(lane),
                Command(SelectOf, lane, search.Keys.ToArray()),
                Command(SelectLoose, lane, search.LooseLimit),
            },
        };
        if (search.From is { } from)
        {
            batch.BatchCommands.Add(Command(SelectNext, lane, from, search.Limit));
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken) || row.IsDBNull(0) || !row.GetBoolean(0))
        {
            return null;
        }

        var asked = await ReadAsync(row, cancellationToken);
        var loose = await ReadAsync(row, cancellationToken);
        var next = search.From is null ? [] : await ReadAsync(row, cancellationToken);
        return new FoundHeads(asked, next, [.. loose.Select(found => found.Entry)]);
    }

    private static NpgsqlBatchCommand Command(string sql, HeldLane lane, params object[] more)
    {
        var command = new NpgsqlBatchCommand(sql) { Parameters = { new() { Value = lane.SubscriptionId } } };
        foreach (var value in more)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }

    private static async Task<List<KeyHead>> ReadAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        await row.NextResultAsync(cancellationToken);
        var found = new List<KeyHead>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new KeyHead(row.GetInt64(0), new LaneEntry(
                row.GetGuid(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3), row.GetFieldValue<TimeSpan>(4))));
        }

        return found;
    }
}
