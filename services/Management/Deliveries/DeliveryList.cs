using System.Data;
using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Database;
using Webhooks.Database.Deliveries;

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
        // One snapshot, and the settings end with it: deliveries that come in between two move the scan's end up, and what lies there is found twice.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new(DeliveryScan.InOrder), Select(filter, moments, after, limit + 1) } };
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
        await using var last = new NpgsqlCommand { Connection = connection };
        last.CommandText = $"SELECT created_at, id FROM {Scan(last.Parameters, filter, moments, after)} ORDER BY {DeliveryScan.Backward} OFFSET {LargestScan - 1} LIMIT 1";
        await using var row = await last.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new Cursor(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)) : null;
    }

    internal static NpgsqlBatchCommand Select(DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after, int limit)
    {
        var command = new NpgsqlBatchCommand();
        var scan = Scan(command.Parameters, filter, moments, after);
        var conditions = new Conditions(command.Parameters);
        conditions.Add("event_type = ", filter.Type);
        conditions.Add("status = ", filter.Status);
        command.CommandText = $"SELECT {DeliveryStore.Columns} FROM {scan} {conditions.Where} ORDER BY {DeliveryScan.Backward} LIMIT {limit}";
        return command;
    }

    private static string Scan(NpgsqlParameterCollection parameters, DeliveryFilter filter, IReadOnlyList<DateTimeOffset>? moments, Cursor? after) =>
        DeliveryScan.Of(parameters, filter.Selection(moments), after is { } last ? new DeliveryKey(last.At, last.Id) : null, DeliveryScan.Backward, LargestScan) + " AS scanned";
}
