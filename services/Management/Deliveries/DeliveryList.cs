using Npgsql;
using Webhooks.Management.Pages;

namespace Webhooks.Management.Deliveries;

/// <summary>
/// Reads pages of deliveries, newest first, by an index in the order of time: an event's, a subscription's, a tenant's
/// or everybody's rows. Type and status have no index: they are looked for until the page is full or a second has passed,
/// and a page may then be short and still lead on.
/// </summary>
internal sealed class DeliveryList(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>How many rows one statement looks at: some milliseconds of work.</summary>
    public const int LargestScan = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Left alone, the planner may read all rows of all days and sort them, when it believes they are few. With these off it
    // walks the partitions from the newest, each by its index, and stops when the page is full.
    internal const string InOrder = """
        SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)
        """;

    /// <param name="filter">Which ones.</param>
    /// <param name="moments">When the filter's event was accepted; null when it names none.</param>
    /// <param name="after">The end of the page before.</param>
    /// <param name="limit">How many at most.</param>
    public async Task<(IReadOnlyList<StoredDelivery> Page, Cursor? Next)> ReadAsync(
        DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var page = new List<StoredDelivery>(limit);
        do
        {
            (var found, after) = await ScanAsync(filter, moments, after, limit - page.Count, cancellationToken);
            page.AddRange(found);
        }
        while (after is not null && page.Count < limit && clock.GetElapsedTime(started) < Patience);

        return (page, after);
    }

    private async Task<(IReadOnlyList<StoredDelivery> Found, Cursor? Next)> ScanAsync(
        DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One batch is one transaction, which the settings end with.
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(InOrder));
        batch.BatchCommands.Add(Select(filter, moments, after, limit + 1));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);

        var page = new List<StoredDelivery>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            if (page.Count == limit)
            {
                return (page, new Cursor(page[^1].CreatedAt, page[^1].Id));
            }

            page.Add(DeliveryStore.Read(row));
        }

        await row.DisposeAsync();
        return (page, filter.Type is null && filter.Status is null ? null : await EndOfScanAsync(connection, filter, moments, after, cancellationToken));
    }

    /// <summary>Where the scan stopped because it was long enough; null when it came to the end.</summary>
    private static async Task<Cursor?> EndOfScanAsync(
        NpgsqlConnection connection, DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(InOrder));
        var last = new NpgsqlBatchCommand();
        last.CommandText = $"SELECT created_at, id FROM {Scan(last.Parameters, filter, moments, after)} OFFSET {LargestScan - 1} LIMIT 1";
        batch.BatchCommands.Add(last);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new Cursor(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)) : null;
    }

    internal static NpgsqlBatchCommand Select(DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var scan = Scan(command.Parameters, filter, moments, after);
        var conditions = new Conditions(command.Parameters);
        conditions.Add("event_type = ", filter.Type);
        conditions.Add("status = ", filter.Status);
        command.CommandText = $"SELECT {DeliveryStore.Columns} FROM {scan} {conditions.Where} ORDER BY created_at DESC, id DESC LIMIT {limit}";
        return command;
    }

    // Every condition in here is one of an index, so that the limit bounds what is looked at.
    private static string Scan(NpgsqlParameterCollection parameters, DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after)
    {
        var conditions = new Conditions(parameters);
        conditions.Add("created_at = ANY ", moments?.Select(moment => moment.UtcDateTime).ToArray());
        conditions.Add("event_id = ", filter.EventId);
        conditions.Add("subscription_id = ", filter.SubscriptionId);
        conditions.Add("tenant_id = ", filter.TenantId);
        conditions.Add("created_at >= ", filter.Since);
        conditions.Add("created_at < ", filter.Until);
        // The first says again what the second implies: only the first tells which partitions need not be looked at.
        conditions.Add("created_at <= ", after?.At);
        conditions.Add("(created_at, id) < ", after?.At, after?.Id);
        return $"(SELECT * FROM deliveries {conditions.Where} ORDER BY created_at DESC, id DESC LIMIT {LargestScan}) AS scanned";
    }

    /// <summary>A WHERE clause in the making; a null value adds nothing.</summary>
    private sealed class Conditions(NpgsqlParameterCollection parameters)
    {
        private readonly List<string> _conditions = [];

        public string Where => _conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", _conditions);

        public void Add(string left, params ReadOnlySpan<object?> values)
        {
            var places = new List<string>();
            foreach (var value in values)
            {
                if (value is null)
                {
                    return;
                }

                parameters.Add(new NpgsqlParameter { Value = value });
                places.Add($"${parameters.Count}");
            }

            _conditions.Add($"{left}({string.Join(", ", places)})");
        }
    }
}
