using Npgsql;
using Webhooks.Database;

namespace Webhooks.Management.Stats;

/// <summary>Sums of counts, by measure.</summary>
internal sealed class Counts : Dictionary<short, long>;

/// <summary>The SQL of reading the rollups.</summary>
internal sealed class StatsStore(NpgsqlDataSource database)
{
    /// <summary>A subscription's tenant, also of a deleted one, whose figures stay; null: there is none.</summary>
    public async Task<string?> FindTenantAsync(Guid subscriptionId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT tenant_id FROM subscriptions WHERE id = $1");
        command.Parameters.Add(new() { Value = subscriptionId });
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>The newest subscriptions that are not deleted, of a tenant (null: of all), older than <paramref name="before"/>.</summary>
    public async Task<IReadOnlyList<Guid>> SubscriptionsAsync(string? tenantId, Guid? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var conditions = new Conditions(command.Parameters);
        conditions.Add("deleted_at IS NULL");
        conditions.Add("tenant_id = ", tenantId);
        conditions.Add("id < ", before);
        command.CommandText = $"SELECT id FROM subscriptions {conditions.Where} ORDER BY id DESC LIMIT {limit}";
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<Guid>(limit);
        while (await row.ReadAsync(cancellationToken))
        {
            ids.Add(row.GetGuid(0));
        }

        return ids;
    }

    /// <summary>The end of the last hour that was added up. Asked for before the sums: it only grows, so what it says still holds then.</summary>
    public async Task<DateTimeOffset> HoursUntilAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT value FROM settings WHERE name = 'hours_until'");
        return DateTimeOffset.FromUnixTimeSeconds((long)(await command.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <summary>Everything that was asked for, together.</summary>
    public async Task<Counts> TotalsAsync(StatsQuery query, IReadOnlyList<Span> spans, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandText = $"SELECT measure, sum(count)::bigint FROM {Counted(command.Parameters, Scope(command.Parameters, query), spans)} GROUP BY measure";
        return (await ReadAsync(command, _ => 0, cancellationToken)).GetValueOrDefault(0) ?? [];
    }

    /// <summary>By the interval's beginning; those in which nothing happened are not there.</summary>
    public async Task<IReadOnlyDictionary<DateTimeOffset, Counts>> SeriesAsync(
        StatsQuery query, Resolution resolution, IReadOnlyList<Span> spans, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var counted = Counted(command.Parameters, Scope(command.Parameters, query), spans);
        command.Parameters.Add(new() { Value = resolution.Length });
        command.CommandText = $"SELECT measure, sum(count)::bigint, date_bin(${command.Parameters.Count}, at, 'epoch') AS point FROM {counted} GROUP BY point, measure";
        return await ReadAsync(command, row => row.GetFieldValue<DateTimeOffset>(2), cancellationToken);
    }

    /// <summary>By subscription; those for which nothing happened are not there.</summary>
    public async Task<IReadOnlyDictionary<Guid, Counts>> BySubscriptionAsync(
        IReadOnlyList<Guid> subscriptions, IReadOnlyList<Span> spans, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.Parameters.Add(new() { Value = subscriptions.ToArray() });
        command.CommandText = $"SELECT measure, sum(count)::bigint, subscription_id FROM {Counted(command.Parameters, "subscription_id = ANY ($1) AND", spans)} GROUP BY subscription_id, measure";
        return await ReadAsync(command, row => row.GetGuid(2), cancellationToken);
    }

    private static string Scope(NpgsqlParameterCollection parameters, StatsQuery query)
    {
        if (query.SubscriptionId is { } subscriptionId)
        {
            parameters.Add(new() { Value = subscriptionId });
            return $"subscription_id = ${parameters.Count} AND";
        }

        if (query.TenantId is { } tenantId)
        {
            parameters.Add(new() { Value = tenantId });
            return $"subscription_id IN (SELECT id FROM subscriptions WHERE tenant_id = ${parameters.Count}) AND";
        }

        return "";
    }

    private static string Counted(NpgsqlParameterCollection parameters, string scope, IReadOnlyList<Span> spans)
    {
        var parts = new List<string>(spans.Count);
        foreach (var span in spans)
        {
            parameters.Add(new() { Value = span.From });
            parameters.Add(new() { Value = span.To });
            var (table, time) = span.Hours ? ("delivery_hours", "hour") : ("delivery_minutes", "minute");
            parts.Add($"SELECT subscription_id, {time} AS at, measure, count FROM {table} WHERE {scope} {time} >= ${parameters.Count - 1} AND {time} < ${parameters.Count}");
        }

        return $"({string.Join(" UNION ALL ", parts)}) AS counted";
    }

    private static async Task<Dictionary<TKey, Counts>> ReadAsync<TKey>(NpgsqlCommand command, Func<NpgsqlDataReader, TKey> key, CancellationToken cancellationToken)
        where TKey : notnull
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var groups = new Dictionary<TKey, Counts>();
        while (await row.ReadAsync(cancellationToken))
        {
            if (!groups.TryGetValue(key(row), out var counts))
            {
                groups.Add(key(row), counts = []);
            }

            counts[row.GetInt16(0)] = row.GetInt64(1);
        }

        return groups;
    }
}
