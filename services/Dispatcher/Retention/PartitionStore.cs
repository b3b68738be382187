using Npgsql;

namespace Webhooks.Dispatcher.Retention;

/// <summary>
/// The SQL of dropping a day. Dropping a partition locks its table against all, and a statement that waits for such a lock makes all
/// that come after it wait, too. So the partition is detached first, which waits without standing in anybody's way, and dropped when
/// nobody asks it any more.
/// </summary>
internal sealed class PartitionStore(NpgsqlDataSource database)
{
    private const string LockTimeout = "2s";

    // Detaching waits for every transaction that was there before it, each for as long as the timeout above.
    private const int LongestWaitInSeconds = 600;

    private const string Select = """
        SELECT partition.relname::text, partition.relispartition, coalesce(inherits.inhdetachpending, false)
        FROM pg_class AS partition LEFT JOIN pg_inherits AS inherits ON inherits.inhrelid = partition.oid
        WHERE partition.relkind = 'r' AND partition.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'deliveries'::regclass)
          AND partition.relname ~ '^(events|deliveries|attempts)_[0-9]{8}$'
        """;

    /// <summary>The partitions of days that have ended by <paramref name="moment"/>, the oldest first.</summary>
    public async Task<IReadOnlyList<DayPartition>> BeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<DayPartition>();
        while (await row.ReadAsync(cancellationToken))
        {
            var state = !row.GetBoolean(1) ? PartitionState.Detached : row.GetBoolean(2) ? PartitionState.Detaching : PartitionState.Attached;
            if (DayPartition.Of(row.GetString(0), state) is { } partition && partition.End <= moment)
            {
                found.Add(partition);
            }
        }

        return [.. found.OrderBy(partition => partition.Day)];
    }

    /// <summary>Detaches and drops it. May be repeated, also by another one after this one was killed.</summary>
    /// <exception cref="PostgresException">55P03: somebody has been reading it for too long; what was done stays done.</exception>
    public async Task DropAsync(DayPartition partition, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SET lock_timeout = '{LockTimeout}'", cancellationToken);
        try
        {
            // The names come from the pattern above.
            switch (partition.State)
            {
                case PartitionState.Attached:
                    await ExecuteAsync(connection, $"ALTER TABLE {partition.Parent} DETACH PARTITION {partition.Name} CONCURRENTLY", cancellationToken);
                    break;
                case PartitionState.Detaching:
                    await ExecuteAsync(connection, $"ALTER TABLE {partition.Parent} DETACH PARTITION {partition.Name} FINALIZE", cancellationToken);
                    break;
            }

            await ExecuteAsync(connection, $"DROP TABLE IF EXISTS {partition.Name}", cancellationToken);
        }
        finally
        {
            // Sessions go back to the pool as they are.
            await ExecuteAsync(connection, "RESET lock_timeout", CancellationToken.None);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = LongestWaitInSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
