using Npgsql;
using Webhooks.Database.Deliveries;

namespace Webhooks.Dispatcher.Owed;

/// <summary>A stretch of deliveries that was looked at.</summary>
/// <param name="Owed">Those whose first attempt the broker has lost, in the order of their keys.</param>
/// <param name="End">The last that was looked at; null: there was none.</param>
/// <param name="Looked">How many were looked at.</param>
internal sealed record SweptStretch(IReadOnlyList<OwedDelivery> Owed, DeliveryKey? End, int Looked);

/// <summary>
/// The SQL of going through the deliveries once, in the order of their acceptance, for first attempts that never came. No
/// index finds them: one that did would be touched by every delivery, twice.
/// </summary>
internal sealed class FirstAttemptSweep(NpgsqlDataSource database)
{
    // A transaction that has begun to write may commit deliveries that are older than what was looked at. One that begins
    // later has younger ones.
    private const string SelectOldestWriter = """
        SELECT min(xact_start) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
        """;

    // One with a next_attempt_at was announced by the due-poller, and OwedStore finds it by that; one in a lane has no message.
    private const string SelectStretch = """
        WITH looked AS MATERIALIZED (
            SELECT created_at, id, status = 'pending' AND last_attempt = 0 AND due_at IS NULL AND next_attempt_at IS NULL AND lane_due_at IS NULL AS owed
            FROM deliveries
            WHERE created_at >= $1 AND (created_at, id) > ($1, $2) AND created_at < $3
            ORDER BY created_at, id
            LIMIT $4)
        SELECT created_at, id, owed, (SELECT count(*) FROM looked)::int FROM looked WHERE owed
        UNION ALL
        (SELECT created_at, id, false, (SELECT count(*) FROM looked)::int FROM looked ORDER BY created_at DESC, id DESC LIMIT 1)
        """;

    private const string SelectStart = "SELECT value FROM settings WHERE name = 'owed_until'";

    // Never back: a leader that was replaced may still be at it.
    private const string UpdateStart = "UPDATE settings SET value = $1 WHERE name = 'owed_until' AND value < $1";

    /// <summary>Where the last leader ended. What shares that moment is looked at again.</summary>
    public async Task<DeliveryKey> StartAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectStart);
        var microseconds = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        return new DeliveryKey(DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), Guid.Empty);
    }

    public async Task SaveAsync(DeliveryKey end, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(UpdateStart);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (end.CreatedAt - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>When the oldest transaction began that may still commit deliveries; null: there is none. To be asked before a stretch is looked at.</summary>
    public async Task<DateTimeOffset?> OldestWriterAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectOldestWriter);
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime began ? new DateTimeOffset(began, TimeSpan.Zero) : null;
    }

    /// <summary>Looks at the deliveries after one and accepted before a time.</summary>
    public async Task<SweptStretch> LookAsync(DeliveryKey after, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectStretch);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = after.CreatedAt.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after.Id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var owed = new List<OwedDelivery>();
        var (end, looked) = ((DeliveryKey?)null, 0);
        while (await row.ReadAsync(cancellationToken))
        {
            var (at, id) = (row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1));
            looked = row.GetInt32(3);
            if (row.GetBoolean(2))
            {
                owed.Add(new OwedDelivery(id, at, LastAttempt: 0));
            }
            else
            {
                end = new DeliveryKey(at, id);
            }
        }

        return new SweptStretch(owed, end, looked);
    }
}
