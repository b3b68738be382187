using Npgsql;

namespace Webhooks.Database.Tests.Accounting;

/// <summary>What a tenant's accounts say, as whoever reads them adds them up.</summary>
internal sealed record Account(long Accepted = 0, long Matched = 0, long Delivered = 0, long Failed = 0, long Exhausted = 0, long Canceled = 0, long Parked = 0)
{
    public static async Task<Account> ReadAsync(NpgsqlDataSource database, string tenantId)
    {
        await using var command = database.CreateCommand(
            """
            SELECT coalesce(sum(accepted), 0)::bigint, coalesce(sum(matched), 0)::bigint, coalesce(sum(delivered), 0)::bigint, coalesce(sum(failed), 0)::bigint,
                   coalesce(sum(exhausted), 0)::bigint, coalesce(sum(canceled), 0)::bigint, coalesce(sum(parked), 0)::bigint
            FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted WHERE tenant_id = $1
            """);
        command.Parameters.Add(new() { Value = tenantId });
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new Account(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
    }
}
