using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Owed;

/// <summary>A delivery whose next attempt the broker has lost.</summary>
internal readonly record struct OwedDelivery(Guid Id, DateTimeOffset CreatedAt, int LastAttempt);

/// <summary>The SQL of finding what the broker owes, and of leaving it to the due-poller.</summary>
internal sealed class OwedStore(NpgsqlDataSource database)
{
    // What was announced again and not attempted since (before $1 it is lost again), and what is about to be announced. Not what was
    // parked, which counts as announced ten times (DeliveryStore.SetAsideAsync): many of it would keep the lost ones waiting.
    private const string CountUnderWay = """
        SELECT (SELECT count(*) FROM (
                    SELECT 1 FROM deliveries
                    WHERE owed_times < 10 AND next_attempt_at >= $1 AND due_at IS NULL AND lane_due_at IS NULL AND status = 'pending' LIMIT $2) AS announced)
             + (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE due_at <= now() AND status = 'pending' LIMIT $2) AS due)
        """;

    // What is in a lane has no message that could be lost. After each announcement in vain the grace is twice as long.
    private const string SelectAwaited = """
        SELECT id, created_at, last_attempt FROM deliveries
        WHERE next_attempt_at < $1 AND due_at IS NULL AND lane_due_at IS NULL AND status = 'pending'
          AND next_attempt_at < $1 - $2::interval * (2 ^ least(coalesce(owed_times, 0), 10) - 1)
        ORDER BY next_attempt_at
        LIMIT $3
        """;

    // Only unchanged ones: an attempt that was recorded meanwhile has its own next one.
    private static readonly string Hand = $"""
        UPDATE deliveries AS delivery SET due_at = now(), owed_times = coalesce(owed_times, 0) + 1
        FROM {KeyLookup.Keys("unnest($1::timestamptz[], $2::uuid[], $5::int[])")} AS owed (created_at, id, last_attempt)
        WHERE delivery.created_at = owed.created_at AND delivery.id = owed.id AND {KeyLookup.Within("delivery.created_at", "$3", "$4")}
          AND delivery.status = 'pending' AND delivery.last_attempt = owed.last_attempt AND delivery.due_at IS NULL AND delivery.lane_due_at IS NULL
        """;

    /// <summary>How many owed attempts dispatchers have not made yet, with whatever else is due; up to twice <paramref name="most"/>.</summary>
    /// <param name="lostBefore">Attempts that were due before it are lost.</param>
    /// <param name="most">Where counting ends.</param>
    /// <param name="cancellationToken">The end of the leadership.</param>
    public async Task<long> CountUnderWayAsync(DateTimeOffset lostBefore, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(CountUnderWay);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = lostBefore.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Announced attempts that never came, the oldest first.</summary>
    /// <param name="lostBefore">Attempts that were due before it are lost.</param>
    /// <param name="grace">Doubles with each time that one was announced again.</param>
    /// <param name="limit">How many.</param>
    /// <param name="cancellationToken">The end of the leadership.</param>
    public async Task<IReadOnlyList<OwedDelivery>> FindAwaitedAsync(DateTimeOffset lostBefore, TimeSpan grace, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectAwaited);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = lostBefore.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = grace });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var owed = new List<OwedDelivery>();
        while (await row.ReadAsync(cancellationToken))
        {
            owed.Add(new OwedDelivery(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetInt32(2)));
        }

        return owed;
    }

    /// <summary>Leaves their next attempts to the due-poller; answers how many were still owed.</summary>
    public async Task<int> HandToPollerAsync(IReadOnlyList<OwedDelivery> owed, CancellationToken cancellationToken)
    {
        if (owed.Count == 0)
        {
            return 0;
        }

        await using var command = database.CreateCommand(Hand);
        var columns = KeyColumns.Add(command.Parameters, owed, delivery => new DeliveryKey(delivery.CreatedAt, delivery.Id));
        columns.Add(delivery => delivery.LastAttempt);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
