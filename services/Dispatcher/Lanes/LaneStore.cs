using Npgsql;
using NpgsqlTypes;
using Webhooks.Dispatcher.Deliveries;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// The SQL by which a lane is taken, read and freed. What a holder does is conditional on its fence, which no taking of any lane has
/// had before, and on its lease. So a statement that nobody waits for any more may be carried out at any time: it finds the lane as it
/// was left, or does nothing.
/// </summary>
internal sealed class LaneStore(NpgsqlDataSource database)
{
    // Fails if this dispatcher's own row is gone: the reference takes care that nothing is held by nobody. A lane that somebody has locked
    // is left to a later look: no other one, nor anything else that is done at a look, waits for him.
    private const string Take = """
        UPDATE lanes SET holder = $1, fence = nextval('lane_fences'), next_send_at = NULL
        FROM (SELECT subscription_id, fence, next_send_at FROM lanes
              WHERE subscription_id = ANY($2) AND holder IS NULL ORDER BY subscription_id FOR NO KEY UPDATE SKIP LOCKED) AS free
        WHERE lanes.subscription_id = free.subscription_id
        RETURNING lanes.subscription_id, lanes.fence, lanes.reason, free.fence = 0, free.next_send_at - clock_timestamp()
        """;

    private const string Free = """
        UPDATE lanes SET holder = NULL, next_send_at = clock_timestamp() + $4 WHERE subscription_id = $1 AND fence = $2 AND holder = $3
        """;

    private const string SelectIsHolder = "SELECT fence = $2 AND holder = $3 FROM lanes WHERE subscription_id = $1";

    // One by one out of the index, in its order. The first that is not due yet tells how long there is nothing to do.
    private const string SelectEntries = """
        SELECT id, created_at, lane_due_at, lane_due_at - clock_timestamp() FROM deliveries
        WHERE subscription_id = $1 AND lane_due_at IS NOT NULL
        ORDER BY lane_due_at, seq
        LIMIT $2
        """;

    /// <summary>A statement that answers true; anything else, or nothing: the lane is not this dispatcher's any more.</summary>
    public static NpgsqlBatchCommand IsHolder(HeldLane lane) => new(SelectIsHolder)
    {
        Parameters = { new() { Value = lane.SubscriptionId }, new() { Value = lane.Fence }, new() { Value = lane.LeaseId } },
    };

    /// <summary>Takes those of the lanes that nobody holds.</summary>
    public async Task<IReadOnlyList<TakenLane>> TakeAsync(
        long leaseId, IReadOnlyCollection<Guid> subscriptionIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Take);
        command.Parameters.AddWithValue(leaseId);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. subscriptionIds] });
        try
        {
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var taken = new List<TakenLane>();
            while (await row.ReadAsync(cancellationToken))
            {
                var isFirst = row.GetBoolean(3);
                TimeSpan? sendsAfter = !row.IsDBNull(4) ? row.GetFieldValue<TimeSpan>(4) : isFirst ? TimeSpan.Zero : null;
                taken.Add(new TakenLane(new HeldLane(row.GetGuid(0), leaseId, row.GetInt64(1), sendsAfter), row.GetString(2), isFirst));
            }

            return taken;
        }
        catch (PostgresException ended) when (ended.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            // The lease was ended a moment ago: the next beat says so, too.
            return [];
        }
    }

    /// <summary>Gives a lane back.</summary>
    /// <param name="lane">Held by this dispatcher; if it is not any more, nothing happens.</param>
    /// <param name="left">How long its pace asks the next holder to wait; null: not known.</param>
    public async Task FreeAsync(HeldLane lane, TimeSpan? left, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Free);
        command.Parameters.AddWithValue(lane.SubscriptionId);
        command.Parameters.AddWithValue(lane.Fence);
        command.Parameters.AddWithValue(lane.LeaseId);
        var wait = left < TimeSpan.Zero ? TimeSpan.Zero : left;
        command.Parameters.Add(new() { Value = wait is null ? DBNull.Value : wait, NpgsqlDbType = NpgsqlDbType.Interval });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// The first deliveries of a lane, in the order in which they are served, also those that are not due yet. Null: it is not
    /// this dispatcher's any more.
    /// </summary>
    public async Task<IReadOnlyList<LaneEntry>?> FindFirstAsync(HeldLane lane, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                IsHolder(lane),
                new(SelectEntries) { Parameters = { new() { Value = lane.SubscriptionId }, new() { Value = limit } } },
            },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken) || row.IsDBNull(0) || !row.GetBoolean(0))
        {
            return null;
        }

        await row.NextResultAsync(cancellationToken);
        var entries = new List<LaneEntry>();
        while (await row.ReadAsync(cancellationToken))
        {
            entries.Add(new LaneEntry(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<TimeSpan>(3)));
        }

        return entries;
    }
}
