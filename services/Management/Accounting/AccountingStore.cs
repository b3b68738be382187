using Npgsql;

namespace Webhooks.Management.Accounting;

/// <summary>Reads the accounts: what was folded and what was not yet, in one snapshot.</summary>
internal sealed class AccountingStore(NpgsqlDataSource database)
{
    private const string Sum = """
        SELECT coalesce(sum(accepted), 0)::bigint, coalesce(sum(matched), 0)::bigint, coalesce(sum(delivered), 0)::bigint, coalesce(sum(failed), 0)::bigint,
               coalesce(sum(exhausted), 0)::bigint, coalesce(sum(canceled), 0)::bigint, coalesce(sum(parked), 0)::bigint
        FROM (
            SELECT tenant_id, accepted, matched, delivered, failed, exhausted, canceled, parked FROM accounting_totals
            UNION ALL
            SELECT tenant_id, accepted, matched, delivered, failed, exhausted, canceled, parked FROM accounting_deltas) AS counted
        WHERE $1::text IS NULL OR tenant_id = $1
        """;

    /// <param name="tenantId">Null: all tenants, and what is nobody's.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<AccountingResponse> ReadAsync(string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sum);
        command.Parameters.Add(new() { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return AccountingResponse.Of(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
    }
}
