using System.Data;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Management.Callbacks;

/// <summary>Reads callbacks. CallbackIngest writes them.</summary>
internal sealed class CallbackStore(NpgsqlDataSource database)
{
    /// <summary>How many rows one page looks at: a status has no index, and a page may be short and still lead on.</summary>
    public const int LargestScan = 5_000;

    private const string Columns =
        "id, tenant_id, subject_id, external_system, idempotency_key, command_id, status, reason, superseded, command, repeats, traceparent, created_at, accepted_at, answered_at, source_id";

    // Other kinds of callbacks may come, about other things.
    private const string AboutExceptions = "route = 'exceptions'";

    public async Task<StoredCallback?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM callbacks WHERE id = $1 AND {AboutExceptions}");
        command.Parameters.Add(new() { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) && Read(row) is var found && (tenantId is null || found.TenantId == tenantId) ? found : null;
    }

    /// <summary>A page, newest first, and the id after which the next one begins; null: this was the end.</summary>
    public async Task<(IReadOnlyList<StoredCallback> Page, Guid? Next)> ListAsync(CallbackFilter filter, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One snapshot: rows that go or come between the page and the scan's end would move that, and some would be skipped or shown twice.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(SettingsFor(filter)), Select(filter, after, limit + 1), EndOfScan(filter, after) } };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        var page = new List<StoredCallback>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            if (page.Count == limit)
            {
                return (page, page[^1].Id);
            }

            page.Add(Read(row));
        }

        await row.NextResultAsync(cancellationToken);
        return (page, await row.ReadAsync(cancellationToken) ? row.GetGuid(0) : null);
    }

    // Everybody's callbacks about one exception are in no index in their order: they are few, and sorted.
    private static string SettingsFor(CallbackFilter filter) => filter is { ExceptionId: not null, TenantId: null } ? "SELECT" : DeliveryScan.InOrder;

    private static NpgsqlBatchCommand Select(CallbackFilter filter, Guid? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var scan = Scan(command.Parameters, filter, after);
        var conditions = new Conditions(command.Parameters);
        conditions.Add(AboutExceptions);
        conditions.Add("status = ", filter.Status);
        command.CommandText = $"SELECT {Columns} FROM {scan} {conditions.Where} ORDER BY id DESC LIMIT {limit}";
        return command;
    }

    private static NpgsqlBatchCommand EndOfScan(CallbackFilter filter, Guid? after)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = $"SELECT id FROM {Scan(command.Parameters, filter, after)} OFFSET {LargestScan - 1} LIMIT 1";
        return command;
    }

    // Every condition in here is one of an index, so that the limit bounds what is looked at.
    private static string Scan(NpgsqlParameterCollection parameters, CallbackFilter filter, Guid? after)
    {
        var conditions = new Conditions(parameters);
        conditions.Add("subject_id = ", filter.ExceptionId);
        conditions.Add("tenant_id = ", filter.TenantId);
        conditions.Add("id < ", after);
        return $"(SELECT * FROM callbacks {conditions.Where} ORDER BY id DESC LIMIT {LargestScan}) AS scanned";
    }

    private static StoredCallback Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TenantId = row.GetString(1),
        ExceptionId = row.GetString(2),
        ExternalSystem = row.GetString(3),
        IdempotencyKey = row.GetString(4),
        CommandId = row.GetGuid(5),
        Status = row.GetString(6),
        Reason = row.TextOrNull(7),
        IsSuperseded = row.GetBoolean(8),
        Command = row.GetFieldValue<byte[]>(9),
        Repeats = row.GetInt32(10),
        TraceParent = row.TextOrNull(11),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(12),
        AcceptedAt = row.TimeOrNull(13),
        AnsweredAt = row.TimeOrNull(14),
        SourceId = row.IsDBNull(15) ? null : row.GetGuid(15),
    };
}
