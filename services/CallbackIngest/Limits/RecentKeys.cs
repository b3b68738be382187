using Npgsql;
using Webhooks.CallbackIngest.Keys;
using Webhooks.Database;

namespace Webhooks.CallbackIngest.Limits;

/// <summary>Counts the new keys of the last minute.</summary>
internal static class RecentKeys
{
    // What became no command costs as much as what did.
    private const string Sql = """
        SELECT scope.place, recent.count, recent.oldest
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS scope (tenant_id, external_system, place)
        CROSS JOIN LATERAL (
            SELECT count(*) AS count, min(at) AS oldest FROM (
                SELECT at FROM (
                    (SELECT created_at AS at FROM callbacks
                    WHERE tenant_id = scope.tenant_id AND external_system = scope.external_system AND created_at > clock_timestamp() - $3
                    ORDER BY created_at DESC LIMIT $4)
                    UNION ALL
                    (SELECT received_at AS at FROM inbound_webhooks
                    WHERE tenant_id = scope.tenant_id AND external_system = scope.external_system AND received_at > clock_timestamp() - $3
                    ORDER BY received_at DESC LIMIT $4)) AS keys
                ORDER BY at DESC LIMIT $4) AS newest) AS recent
        """;

    /// <summary>Of each scope, by its place from 1: how many, counted up to the limit, and the oldest of those.</summary>
    public static NpgsqlBatchCommand Count(IReadOnlyList<KeyScope> scopes, int limit)
    {
        var command = new NpgsqlBatchCommand(Sql);
        var columns = new Columns<KeyScope>(command.Parameters, scopes);
        columns.Add(scope => scope.TenantId);
        columns.Add(scope => scope.ExternalSystem);
        command.Parameters.Add(new() { Value = MinuteWindow.Length });
        command.Parameters.Add(new() { Value = (long)limit });
        return command;
    }
}
