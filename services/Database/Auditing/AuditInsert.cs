using System.Text.Encodings.Web;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Webhooks.Database.Auditing;

/// <summary>
/// The statement that appends to the audit. It belongs into the transaction of the change that it tells of: then there
/// is no change without its row, and no row without its change.
/// </summary>
public static class AuditInsert
{
    private const string Sql = """
        INSERT INTO audit (id, created_at, tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address)
        VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7, $8, $9)
        """;

    // For people to read.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One more statement of a change's batch.</summary>
    public static NpgsqlBatchCommand Command(AuditEntry entry)
    {
        var command = new NpgsqlBatchCommand(Sql);
        AddParameters(command.Parameters, entry);
        return command;
    }

    /// <summary>
    /// Many rows in one statement of a change's batch, for changes that are made in groups. Entries that are there already
    /// are not written again: who did not hear whether they were may write the same ones once more.
    /// </summary>
    public static NpgsqlBatchCommand Command(IReadOnlyList<AuditEntry> entries)
    {
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO audit (id, created_at, tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address)
            SELECT id, clock_timestamp(), tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
                AS entry (id, tenant_id, actor, actor_name, action, subject, details, trace_id, remote_address)
            ON CONFLICT (id) DO NOTHING
            """);
        var columns = new Columns<AuditEntry>(command.Parameters, entries);
        columns.Add(entry => entry.Id);
        columns.Add(entry => entry.TenantId);
        columns.Add(entry => entry.Actor.Id);
        columns.Add(entry => entry.Actor.Name);
        columns.Add(entry => entry.Action);
        columns.Add(entry => entry.Subject);
        columns.Add(entry => entry.Details?.ToJsonString(Plain));
        columns.Add(entry => entry.TraceId);
        columns.Add(entry => entry.Actor.RemoteAddress);
        return command;
    }

    /// <summary>Within whatever transaction <paramref name="connection"/> is in.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, AuditEntry entry, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        AddParameters(command.Parameters, entry);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void AddParameters(NpgsqlParameterCollection parameters, AuditEntry entry)
    {
        parameters.Add(new() { Value = entry.Id });
        parameters.Add(Text(entry.TenantId));
        parameters.Add(Text(entry.Actor.Id));
        parameters.Add(Text(entry.Actor.Name));
        parameters.Add(Text(entry.Action));
        parameters.Add(Text(entry.Subject));
        parameters.Add(Text(entry.Details?.ToJsonString(Plain)));
        parameters.Add(Text(entry.TraceId));
        parameters.Add(Text(entry.Actor.RemoteAddress));
    }

    private static NpgsqlParameter Text(string? value) => NullableColumns.Parameter(value, NpgsqlDbType.Text);
}
