using Npgsql;
using NpgsqlTypes;
using Webhooks.Database;
using Webhooks.Database.Auditing;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Management.Replays;

/// <summary>The SQL of replays as intents: taken on, shown, canceled. The dispatcher carries them out.</summary>
internal sealed class ReplayStore(NpgsqlDataSource database)
{
    /// <summary>Of one tenant at a time: they take turns, and nobody's may fill the queue.</summary>
    public const int MostUnfinished = 20;

    private const string Columns = """
        id, tenant_id, subscription_id, event_id, event_type, statuses, since, until, recovers, rate_per_second,
        status, matched, done, error, created_at, updated_at, finished_at
        """;

    /// <summary>The database's time, which deliveries are stamped with.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT clock_timestamp()");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetFieldValue<DateTimeOffset>(0);
    }

    public async Task<bool> HasTooManyAsync(string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM replays
                                  WHERE status IN ('pending', 'running') AND tenant_id IS NOT DISTINCT FROM $1
                                  LIMIT {MostUnfinished}) AS unfinished
            """);
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))! >= MostUnfinished;
    }

    /// <summary>Takes a replay on; it is carried out from the commit on.</summary>
    public async Task<Guid> CreateAsync(
        ReplaySelection selection, double? ratePerSecond, ReplayCount count, Actor by, DateTimeOffset requestedAt, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(requestedAt);
        // Committed by a word of its own: whoever was told meanwhile that the database is too slow must not get it after all.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO replays (id, tenant_id, subscription_id, event_id, event_moments, event_type, statuses, since, until, recovers, rate_per_second,
                                 matched, counted, counted_moment, counted_id, requested_by, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
            """,
            connection);
        var deliveries = selection.Deliveries;
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(deliveries.TenantId, NpgsqlDbType.Text));
        command.Parameters.Add(NullableColumns.Parameter(deliveries.SubscriptionId, NpgsqlDbType.Uuid));
        command.Parameters.Add(NullableColumns.Parameter(deliveries.EventId, NpgsqlDbType.Text));
        command.Parameters.Add(NullableColumns.Parameter(deliveries.EventMoments?.Select(moment => moment.UtcDateTime).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz));
        command.Parameters.Add(NullableColumns.Parameter(selection.Type, NpgsqlDbType.Text));
        command.Parameters.Add(new() { Value = selection.Statuses.ToArray() });
        command.Parameters.Add(NullableColumns.Parameter(deliveries.Since, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(NullableColumns.Parameter(deliveries.Until, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(new() { Value = selection.Recovers });
        command.Parameters.Add(NullableColumns.Parameter(ratePerSecond, NpgsqlDbType.Double));
        command.Parameters.Add(new() { Value = count.Matched });
        command.Parameters.Add(new() { Value = count.IsComplete });
        command.Parameters.Add(NullableColumns.Parameter(count.End?.CreatedAt, NpgsqlDbType.TimestampTz));
        command.Parameters.Add(NullableColumns.Parameter(count.End?.Id, NpgsqlDbType.Uuid));
        command.Parameters.Add(new() { Value = by.Id });
        command.Parameters.Add(new() { Value = requestedAt });
        await command.ExecuteNonQueryAsync(cancellationToken);
        await AuditInsert.ExecuteAsync(connection, ReplayAudit.Started(id, selection, ratePerSecond, by), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    /// <summary>Null: there is none, or it is another tenant's.</summary>
    public async Task<StoredReplay?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM replays WHERE id = $1 AND ($2 IS NULL OR tenant_id = $2)");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>Newest first.</summary>
    /// <param name="tenantId">Null: of all tenants.</param>
    /// <param name="before">The last id of the page before; null: the first page.</param>
    /// <param name="limit">How many at most.</param>
    public async Task<IReadOnlyList<StoredReplay>> ListAsync(string? tenantId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        var ofTenant = tenantId is null ? "" : "AND tenant_id = $3";
        await using var command = database.CreateCommand($"SELECT {Columns} FROM replays WHERE id < $1 {ofTenant} ORDER BY id DESC LIMIT $2");
        command.Parameters.Add(new() { Value = before ?? Guid.AllBitsSet });
        command.Parameters.Add(new() { Value = limit });
        if (tenantId is not null)
        {
            command.Parameters.Add(new() { Value = tenantId });
        }

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var page = new List<StoredReplay>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            page.Add(Read(row));
        }

        return page;
    }

    /// <summary>Makes nothing more of it, once this returns; what was made goes on. One that has ended stays as it is.</summary>
    /// <returns>False: there is none, or it is another tenant's.</returns>
    public async Task<bool> CancelAsync(Guid id, string? tenantId, Actor by, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            UPDATE replays SET status = 'canceled', updated_at = clock_timestamp(), finished_at = clock_timestamp()
            WHERE id = $1 AND ($2 IS NULL OR tenant_id = $2) AND finished_at IS NULL
            RETURNING tenant_id
            """,
            connection);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlDbType.Text));
        string? owner;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
            {
                return await FindAsync(id, tenantId, cancellationToken) is not null;
            }

            owner = row.TextOrNull(0);
        }

        await AuditInsert.ExecuteAsync(connection, ReplayAudit.Canceled(id, owner, by), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static StoredReplay Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TenantId = row.TextOrNull(1),
        Selection = new ReplaySelection(
            new DeliverySelection
            {
                TenantId = row.TextOrNull(1),
                SubscriptionId = row.IsDBNull(2) ? null : row.GetGuid(2),
                EventId = row.TextOrNull(3),
                Since = row.TimeOrNull(6),
                Until = row.TimeOrNull(7),
            },
            row.TextOrNull(4),
            row.GetFieldValue<string[]>(5),
            row.GetBoolean(8)),
        RatePerSecond = row.IsDBNull(9) ? null : row.GetDouble(9),
        Status = row.GetString(10),
        Matched = row.GetInt64(11),
        Done = row.GetInt64(12),
        Error = row.TextOrNull(13),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(14),
        UpdatedAt = row.GetFieldValue<DateTimeOffset>(15),
        FinishedAt = row.TimeOrNull(16),
    };
}
