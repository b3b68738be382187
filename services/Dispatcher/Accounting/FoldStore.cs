using Npgsql;

namespace Webhooks.Dispatcher.Accounting;

/// <summary>The SQL of folding what the triggers appended into one row a tenant.</summary>
internal sealed class FoldStore(NpgsqlDataSource database)
{
    // One statement: whoever reads totals and deltas in one snapshot sees a delta on one side or on the other. Rows that
    // another dispatcher is folding (a former leader that has not noticed that it was replaced) are passed over; tenants are sorted, so that
    // two that fold cannot deadlock.
    private const string FoldChunk = """
        WITH folded AS (
            DELETE FROM accounting_deltas
            WHERE ctid = ANY (ARRAY(SELECT ctid FROM accounting_deltas LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING tenant_id, accepted, matched, delivered, failed, exhausted, canceled, parked
        ), summed AS (
            INSERT INTO accounting_totals AS total (tenant_id, accepted, matched, delivered, failed, exhausted, canceled, parked)
            SELECT tenant_id, sum(accepted), sum(matched), sum(delivered), sum(failed), sum(exhausted), sum(canceled), sum(parked)
            FROM folded GROUP BY tenant_id ORDER BY tenant_id
            ON CONFLICT (tenant_id) DO UPDATE SET
                accepted = total.accepted + excluded.accepted, matched = total.matched + excluded.matched,
                delivered = total.delivered + excluded.delivered, failed = total.failed + excluded.failed,
                exhausted = total.exhausted + excluded.exhausted, canceled = total.canceled + excluded.canceled,
                parked = total.parked + excluded.parked
        )
        SELECT count(*) FROM folded
        """;

    /// <summary>Folds up to <paramref name="limit"/> rows; answers how many there were.</summary>
    public async Task<long> FoldAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FoldChunk);
        command.Parameters.AddWithValue(limit);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
