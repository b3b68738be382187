using System.Text.Json;
using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Contracts;
using Webhooks.Database;

namespace Webhooks.Management.Auditing;

/// <summary>Reads pages of the audit, newest first. Each filter alone, and action and actor within a tenant, has an index in that order.</summary>
internal sealed class AuditList(NpgsqlDataSource database)
{
    public async Task<IReadOnlyList<AuditResponse>> ReadAsync(AuditFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var conditions = new Conditions(command.Parameters);
        conditions.Add("tenant_id = ", filter.TenantId);
        conditions.Add("action = ", filter.Action);
        conditions.Add("subject = ", filter.Subject);
        conditions.Add("actor = ", filter.Actor);
        conditions.Add("created_at >= ", filter.Since);
        conditions.Add("created_at < ", filter.Until);
        conditions.Add("(created_at, id) < ", after?.At, after?.Id);
        command.CommandText = $"""
            SELECT id, created_at, tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address
            FROM audit {conditions.Where}
            ORDER BY created_at DESC, id DESC LIMIT {limit}
            """;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var page = new List<AuditResponse>();
        while (await row.ReadAsync(cancellationToken))
        {
            page.Add(Read(row));
        }

        return page;
    }

    private static AuditResponse Read(NpgsqlDataReader row) => new(
        PrefixedId.Format(PrefixedId.Audit, row.GetGuid(0)),
        row.GetFieldValue<DateTimeOffset>(1),
        row.TextOrNull(2),
        new ActorResponse(row.GetString(3), row.TextOrNull(4)),
        row.GetString(5),
        row.GetString(6),
        row.TextOrNull(7) is { } details ? JsonElement.Parse(details) : null,
        row.TextOrNull(8),
        row.TextOrNull(9));
}
