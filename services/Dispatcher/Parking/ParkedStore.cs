using Npgsql;
using Webhooks.Database;

namespace Webhooks.Dispatcher.Parking;

/// <summary>The SQL of keeping and counting parked messages.</summary>
internal sealed class ParkedStore(NpgsqlDataSource database)
{
    // In the order of their keys: two dispatchers that were handed the same messages must not wait for each other in a circle.
    // Counted is what became a row here, so that what is handed over or written twice counts once. Tenant '': it could not be read.
    private const string Insert = """
        WITH kept AS (
            INSERT INTO parked (id, tenant_id, queue, reason, detail, message_id, properties, body)
            SELECT id, tenant_id, queue, reason, detail, message_id, properties, body
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[])
                AS message (id, tenant_id, queue, reason, detail, message_id, properties, body)
            ORDER BY id
            ON CONFLICT (id) DO NOTHING
            RETURNING tenant_id
        ), counted AS (
            INSERT INTO accounting_deltas (tenant_id, parked)
            SELECT coalesce(tenant_id, ''), count(*) FROM kept GROUP BY 1
        )
        SELECT count(*) FROM kept
        """;

    /// <summary>Keeps and counts what is not kept yet; answers how many those were.</summary>
    public async Task<long> AddAsync(IReadOnlyList<ParkedRow> rows, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Insert);
        // A second more for each MiB: what comes too late counts as an outage of the database, and would be tried again for ever.
        command.CommandTimeout += (int)(rows.Sum(row => (long)row.Body.Length) / (1024 * 1024));
        var columns = new Columns<ParkedRow>(command.Parameters, rows);
        columns.Add(row => row.Id);
        columns.Add(row => row.TenantId);
        columns.Add(row => row.Queue);
        columns.Add(row => row.Reason);
        columns.Add(row => row.Detail);
        columns.Add(row => row.MessageId);
        columns.Add(row => row.Properties);
        columns.Add(row => row.Body);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
