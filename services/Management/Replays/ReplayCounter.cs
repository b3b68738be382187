using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Replays;

namespace Webhooks.Management.Replays;

/// <summary>Counts what a replay would match, in chunks, for as long as an answer may take.</summary>
internal sealed class ReplayCounter(NpgsqlDataSource database, TimeProvider clock)
{
    public async Task<ReplayCount> CountAsync(ReplaySelection selection, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var (matched, end) = (0L, (DeliveryKey?)null);
        do
        {
            var (found, next) = await CountChunkAsync(selection, end, cancellationToken);
            matched += found;
            if (next is null)
            {
                return new ReplayCount(matched, IsComplete: true, End: null);
            }

            end = next;
        }
        while (clock.GetElapsedTime(started) < patience);

        return new ReplayCount(matched, IsComplete: false, end);
    }

    private async Task<(long Found, DeliveryKey? End)> CountChunkAsync(ReplaySelection selection, DeliveryKey? after, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One batch is one transaction, which the settings end with.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new(DeliveryScan.InOrder), ReplayableScan.Count(selection, after), ReplayableScan.End(selection, after) },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var found = row.GetInt64(0);
        await row.NextResultAsync(cancellationToken);
        return (found, await row.ReadAsync(cancellationToken) ? new DeliveryKey(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1)) : null);
    }
}
