using System.Data;
using Npgsql;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

namespace Webhooks.Management.Events;

/// <summary>
/// Reads pages of events, newest first, by an index in the order of time: a correlation's, a tenant's or everybody's rows.
/// Types have no index: they are looked for until the page is full or a second has passed, and a page may then be short
/// and still lead on. So may one whose events are large: it ends at some megabytes.
/// </summary>
internal sealed class EventList(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>How many rows one statement looks at: some milliseconds of work.</summary>
    public const int LargestScan = 5_000;

    /// <summary>How many bytes of data a page carries, but for its last event.</summary>
    public const int LargestPage = 4 * 1024 * 1024;

    private const string Backward = "created_at DESC, tenant_id DESC, event_id DESC";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public async Task<(IReadOnlyList<StoredEvent> Page, EventCursor? Next)> ReadAsync(
        EventFilter filter, EventCursor? after, int limit, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var page = new List<StoredEvent>(limit);
        bool isFull;
        do
        {
            (isFull, after) = await ScanAsync(filter, after, page, limit, cancellationToken);
        }
        while (after is not null && !isFull && clock.GetElapsedTime(started) < Patience);

        return (page, after);
    }

    /// <summary>Adds what one scan finds to the page. Next is null when the scan came to the end.</summary>
    private async Task<(bool IsFull, EventCursor? Next)> ScanAsync(
        EventFilter filter, EventCursor? after, List<StoredEvent> page, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One snapshot, and the settings end with it: events that come in between two move the scan's end up, and what lies there is found twice.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(DeliveryScan.InOrder), Select(filter, after, limit - page.Count + 1) } };
        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await row.NextResultAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                if (page.Count == limit || Size(page) > LargestPage)
                {
                    return (true, Key(page[^1]));
                }

                page.Add(EventStore.Read(row, row.GetString(10)));
            }
        }

        if (Size(page) > LargestPage)
        {
            // The statement ended with it, too; whether there are more, the next page tells.
            return (true, Key(page[^1]));
        }

        return (page.Count == limit, filter.Type is null ? null : await EndOfScanAsync(connection, filter, after, cancellationToken));
    }

    private static async Task<EventCursor?> EndOfScanAsync(NpgsqlConnection connection, EventFilter filter, EventCursor? after, CancellationToken cancellationToken)
    {
        await using var last = new NpgsqlCommand { Connection = connection };
        last.CommandText = $"SELECT created_at, tenant_id, event_id FROM {Scan(last.Parameters, filter, after, "created_at, tenant_id, event_id")} ORDER BY {Backward} OFFSET {LargestScan - 1} LIMIT 1";
        await using var row = await last.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new EventCursor(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.GetString(2)) : null;
    }

    // The sizes are known without reading what is large, and rows behind the page's end are not read.
    internal static NpgsqlBatchCommand Select(EventFilter filter, EventCursor? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var scan = Scan(command.Parameters, filter, after, "*");
        var conditions = new Conditions(command.Parameters);
        conditions.Add("type = ", filter.Type);
        command.CommandText =
            $"""
            SELECT {EventStore.Columns}, event_id
            FROM (SELECT *, octet_length(data) + coalesce(octet_length(metadata), 0) AS size,
                         sum(octet_length(data) + coalesce(octet_length(metadata), 0)) OVER (ORDER BY {Backward} ROWS UNBOUNDED PRECEDING) AS sum
                  FROM (SELECT * FROM {scan} {conditions.Where} ORDER BY {Backward} LIMIT {limit}) AS found) AS sized
            WHERE sum - size <= {LargestPage} ORDER BY {Backward}
            """;
        return command;
    }

    // Every condition in here is one of an index, so that the limit bounds what is looked at. All but the tenant beside a
    // correlation, which hardly any two share: a tenant may have millions of events, and its index must not be taken for it.
    private static string Scan(NpgsqlParameterCollection parameters, EventFilter filter, EventCursor? after, string columns)
    {
        var conditions = new Conditions(parameters);
        conditions.Add("correlation_id = ", filter.CorrelationId);
        conditions.Add(filter.CorrelationId is null ? "tenant_id = " : "tenant_id || '' = ", filter.TenantId);
        conditions.Add("created_at >= ", filter.Since);
        conditions.Add("created_at < ", filter.Until);
        // The first says again what the second implies: only the first tells which partitions need not be looked at.
        conditions.Add("created_at <= ", after?.At);
        conditions.Add("(created_at, tenant_id, event_id) < ", after?.At, after?.TenantId, after?.EventId);
        return $"(SELECT {columns} FROM events {conditions.Where} ORDER BY {Backward} LIMIT {LargestScan}) AS scanned";
    }

    private static EventCursor Key(StoredEvent stored) => new(stored.CreatedAt, stored.Event.TenantId, stored.Event.Id);

    private static long Size(List<StoredEvent> page) => page.Sum(stored => (long)stored.Event.Data.Length + (stored.Event.Metadata?.Length ?? 0));
}
