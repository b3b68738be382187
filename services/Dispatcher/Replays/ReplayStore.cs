using System.Data;
using Npgsql;
using NpgsqlTypes;
using Webhooks.Database;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Dispatcher.Replays;

/// <summary>
/// The SQL of carrying out replays. A chunk's deliveries and the replay's progress are one transaction on the locked row,
/// so that neither a death at any moment nor a second leader loses one or makes one twice.
/// </summary>
internal sealed class ReplayStore(NpgsqlDataSource database)
{
    // Half a second before the next is due, so that chunks are of a size worth a transaction. Those that waited longest come first.
    private const string SelectReady = """
        SELECT id FROM replays
        WHERE status IN ('pending', 'running') AND (NOT counted OR next_due_at IS NULL OR next_due_at <= now() + interval '500 milliseconds')
        ORDER BY updated_at
        LIMIT $1
        """;

    private const string Lock = """
        SELECT tenant_id, subscription_id, event_id, event_moments, event_type, statuses, since, until, recovers, rate_per_second, next_due_at,
               matched, done, counted, counted_moment, counted_id, replayed_moment, replayed_id,
               coalesce((SELECT state = 'disabled' OR deleted_at IS NOT NULL FROM subscriptions WHERE id = replay.subscription_id), false), clock_timestamp()
        FROM replays AS replay WHERE id = $1 AND status IN ('pending', 'running')
        FOR UPDATE SKIP LOCKED
        """;

    private const string Update = """
        UPDATE replays
        SET status = $2, error = $3, matched = $4, done = $5, counted = $6, counted_moment = $7, counted_id = $8, replayed_moment = $9, replayed_id = $10,
            next_due_at = $11, updated_at = clock_timestamp(), finished_at = CASE $2 WHEN 'running' THEN NULL ELSE clock_timestamp() END
        WHERE id = $1
        """;

    private const string MarkFailed = """
        UPDATE replays SET status = 'failed', error = $2, updated_at = clock_timestamp(), finished_at = clock_timestamp()
        WHERE id = $1 AND status IN ('pending', 'running')
        """;

    /// <summary>Those that something can be done for now.</summary>
    public async Task<IReadOnlyList<Guid>> FindReadyAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectReady);
        command.Parameters.AddWithValue(limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var ready = new List<Guid>();
        while (await row.ReadAsync(cancellationToken))
        {
            ready.Add(row.GetGuid(0));
        }

        return ready;
    }

    /// <summary>Counts a chunk and replays a chunk.</summary>
    /// <param name="id">Of which replay.</param>
    /// <param name="most">How many deliveries may be made.</param>
    /// <returns>As it is afterwards; null: it has ended, by a cancellation perhaps, or somebody changed it at this moment.</returns>
    public async Task<RunningReplay?> AdvanceAsync(Guid id, int most, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One snapshot: deliveries that a publisher commits between what a chunk finds and where it ends move its end, and
        // what lies behind that would be replayed twice.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        if (await LockAsync(connection, id, cancellationToken) is not { } locked)
        {
            return null;
        }

        var replay = locked;
        if (replay.IsObsolete)
        {
            replay = replay with { Error = "The subscription was disabled or deleted: what is left would be canceled at once." };
        }
        else
        {
            replay = replay.IsCounted ? replay : await CountAsync(connection, replay, cancellationToken);
            replay = replay.Pace.Room(replay.Now, most) is > 0 and var room ? await ReplayAsync(connection, replay, room, cancellationToken) : replay;
        }

        // Without room, or before its time, nothing was done: a broker that is away for hours must not cost ten updates a second.
        if (!ReferenceEquals(replay, locked))
        {
            await SaveAsync(connection, replay, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return replay;
    }

    /// <summary>Ends one that cannot be carried out.</summary>
    public async Task FailAsync(Guid id, string error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(MarkFailed);
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(error);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<RunningReplay?> LockAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(DeliveryScan.InOrder), new(Lock) { Parameters = { new() { Value = id } } } },
        };
        try
        {
            await using var row = await batch.ExecuteReaderAsync(cancellationToken);
            await row.NextResultAsync(cancellationToken);
            return await row.ReadAsync(cancellationToken) ? ReplayRow.Read(row, id) : null;
        }
        catch (PostgresException changed) when (changed.SqlState == PostgresErrorCodes.SerializationFailure)
        {
            // Since the snapshot: the next turn looks at it anew.
            return null;
        }
    }

    private static async Task<RunningReplay> CountAsync(NpgsqlConnection connection, RunningReplay replay, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { ReplayableScan.Count(replay.Selection, replay.CountedTo), ReplayableScan.End(replay.Selection, replay.CountedTo) },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var found = row.GetInt64(0);
        await row.NextResultAsync(cancellationToken);
        return replay.WithCounted(found, await ReadEndAsync(row, cancellationToken));
    }

    private static async Task<RunningReplay> ReplayAsync(NpgsqlConnection connection, RunningReplay replay, int room, CancellationToken cancellationToken)
    {
        var replays = new List<NewReplay>(room);
        DeliveryKey? end;
        await using (var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { ReplayableScan.Select(replay.Selection, replay.ReplayedTo, room), ReplayableScan.End(replay.Selection, replay.ReplayedTo) },
        })
        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                replays.Add(NewReplay.At(ReplayableScan.Read(row), replay.Now, replays.Count, replay.Pace.DueAt(replay.Now, replays.Count)));
            }

            await row.NextResultAsync(cancellationToken);
            end = await ReadEndAsync(row, cancellationToken);
        }

        if (replays.Count > 0)
        {
            await using var insert = new NpgsqlBatch(connection) { BatchCommands = { ReplayInsert.Command(replays) } };
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        // A full chunk may have left some of what was looked at.
        return replay.WithMade(replays.Count, replays.Count == room ? replays[^1].Of.Original : end);
    }

    private static async Task SaveAsync(NpgsqlConnection connection, RunningReplay replay, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Update, connection);
        command.Parameters.Add(new() { Value = replay.Id });
        command.Parameters.Add(new() { Value = replay.Status });
        command.Parameters.Add(NullableColumns.Parameter(replay.Error, NpgsqlDbType.Text));
        command.Parameters.Add(new() { Value = replay.Matched });
        command.Parameters.Add(new() { Value = replay.Done });
        command.Parameters.Add(new() { Value = replay.IsCounted });
        command.Parameters.Add(NullableColumns.Parameter(replay.CountedTo?.CreatedAt.UtcDateTime, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(NullableColumns.Parameter(replay.CountedTo?.Id, NpgsqlDbType.Uuid));
        command.Parameters.Add(NullableColumns.Parameter(replay.ReplayedTo?.CreatedAt.UtcDateTime, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(NullableColumns.Parameter(replay.ReplayedTo?.Id, NpgsqlDbType.Uuid));
        command.Parameters.Add(NullableColumns.Parameter(replay.Pace.NextDueAt?.UtcDateTime, NpgsqlDbType.TimestampTz));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<DeliveryKey?> ReadEndAsync(NpgsqlDataReader row, CancellationToken cancellationToken) =>
        await row.ReadAsync(cancellationToken) ? new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)) : null;
}
