using Npgsql;

namespace Webhooks.Database.Accounting;

/// <summary>Counts parked messages, for whoever parks one. Everything else that is accounted for is counted by triggers.</summary>
public sealed class ParkedCounts(NpgsqlDataSource database)
{
    /// <summary>Whose a message is that names no tenant which we could read.</summary>
    public const string Nobody = "";

    private const string Append = """
        INSERT INTO accounting_deltas (tenant_id, parked)
        SELECT tenant_id, count(*) FROM unnest($1::text[]) AS message (tenant_id) GROUP BY tenant_id
        """;

    /// <summary>
    /// To be called before the message is acknowledged: whoever dies in between counts it twice, and nobody misses it.
    /// </summary>
    /// <param name="tenantIds">One a message; null: not readable.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<int> AddAsync(IReadOnlyCollection<string?> tenantIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Append);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. tenantIds.Select(tenantId => tenantId ?? Nobody)] });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
