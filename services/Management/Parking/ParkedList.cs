using System.Data;
using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Management.Parking;

/// <summary>Reads pages of the parked messages, newest first.</summary>
internal sealed class ParkedList(NpgsqlDataSource database)
{
    /// <summary>How many rows one page looks at: reason, queue and status have no index, and a page may be short and still lead on.</summary>
    public const int LargestScan = 5_000;

    public const string Columns = "id, created_at, tenant_id, queue, reason, detail, message_id, octet_length(body), republished_at";

    /// <summary>A page, and the place after which the next one begins; null: this was the end.</summary>
    public async Task<(IReadOnlyList<StoredParked> Page, Cursor? Next)> ReadAsync(ParkedFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One snapshot: rows that go or come between the page and the scan's end would move that, and some would be skipped or shown twice.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(DeliveryScan.InOrder), Select(filter, after, limit + 1), EndOfScan(filter, after) } };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        var page = new List<StoredParked>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            if (page.Count == limit)
            {
                return (page, new Cursor(page[^1].CreatedAt, page[^1].Id));
            }

            page.Add(Read(row));
        }

        await row.NextResultAsync(cancellationToken);
        return (page, await row.ReadAsync(cancellationToken) ? new Cursor(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)) : null);
    }

    public static StoredParked Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(1),
        TenantId = row.TextOrNull(2),
        Queue = row.TextOrNull(3),
        Reason = row.GetString(4),
        Detail = row.GetString(5),
        MessageId = row.TextOrNull(6),
        Size = row.GetInt32(7),
        RepublishedAt = row.TimeOrNull(8),
    };

    private static NpgsqlBatchCommand Select(ParkedFilter filter, Cursor? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var scan = Scan(command.Parameters, filter, after);
        var conditions = new Conditions(command.Parameters);
        conditions.Add("reason = ", filter.Reason);
        conditions.Add("queue = ", filter.Queue);
        if (filter.Status is { } status)
        {
            conditions.Add(status == ParkedFilter.Republished ? "republished_at IS NOT NULL" : "republished_at IS NULL");
        }

        command.CommandText = $"SELECT {Columns} FROM {scan} {conditions.Where} ORDER BY {DeliveryScan.Backward} LIMIT {limit}";
        return command;
    }

    private static NpgsqlBatchCommand EndOfScan(ParkedFilter filter, Cursor? after)
    {
        var command = new NpgsqlBatchCommand();
        command.CommandText = $"SELECT created_at, id FROM {Scan(command.Parameters, filter, after)} OFFSET {LargestScan - 1} LIMIT 1";
        return command;
    }

    // Every condition in here is one of an index, so that the limit bounds what is looked at.
    private static string Scan(NpgsqlParameterCollection parameters, ParkedFilter filter, Cursor? after)
    {
        var conditions = new Conditions(parameters);
        conditions.Add("tenant_id = ", filter.TenantId);
        conditions.Add("created_at >= ", filter.Since);
        conditions.Add("created_at < ", filter.Until);
        conditions.Add("(created_at, id) < ", after?.At, after?.Id);
        return $"(SELECT * FROM parked {conditions.Where} ORDER BY {DeliveryScan.Backward} LIMIT {LargestScan}) AS scanned";
    }
}
