using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Webhooks.Contracts;
using Webhooks.Management.Pages;

namespace Webhooks.Management.Auditing;

/// <summary>Reads pages of the audit, newest first. Each filter alone, and action and actor within a tenant, has an index in that order.</summary>
internal sealed class AuditList(NpgsqlDataSource database)
{
    public async Task<IReadOnlyList<AuditResponse>> ReadAsync(AuditFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var conditions = new List<string>();
        Add("tenant_id = {0}", filter.TenantId, NpgsqlDbType.Text);
        Add("action = {0}", filter.Action, NpgsqlDbType.Text);
        Add("subject = {0}", filter.Subject, NpgsqlDbType.Text);
        Add("actor = {0}", filter.Actor, NpgsqlDbType.Text);
        Add("created_at >= {0}", filter.Since, NpgsqlDbType.TimestampTz);
        Add("created_at < {0}", filter.Until, NpgsqlDbType.TimestampTz);
        if (after is { } end)
        {
            command.Parameters.Add(new() { Value = end.At });
            command.Parameters.Add(new() { Value = end.Id });
            conditions.Add($"(created_at, id) < (${command.Parameters.Count - 1}, ${command.Parameters.Count})");
        }

        command.CommandText = $"""
            SELECT id, created_at, tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address
            FROM audit {(conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions))}
            ORDER BY created_at DESC, id DESC LIMIT {limit}
            """;
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var page = new List<AuditResponse>();
        while (await row.ReadAsync(cancellationToken))
        {
            page.Add(Read(row));
        }

        return page;

        void Add(string condition, object? value, NpgsqlDbType type)
        {
            if (value is not null)
            {
                command.Parameters.Add(new() { Value = value, NpgsqlDbType = type });
                conditions.Add(condition.Replace("{0}", $"${command.Parameters.Count}", StringComparison.Ordinal));
            }
        }
    }

    private static AuditResponse Read(NpgsqlDataReader row) => new(
        PrefixedId.Format(PrefixedId.Audit, row.GetGuid(0)),
        row.GetFieldValue<DateTimeOffset>(1),
        Text(row, 2),
        new ActorResponse(row.GetString(3), Text(row, 4)),
        row.GetString(5),
        row.GetString(6),
        Text(row, 7) is { } details ? JsonElement.Parse(details) : null,
        Text(row, 8),
        Text(row, 9));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
