using System.Text.Json.Nodes;
using Npgsql;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;
using Webhooks.Database;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Results;

/// <summary>Writes down what became of commands, a group in one transaction. May be repeated.</summary>
internal sealed class ResultStore(NpgsqlDataSource database, RouteTable routes)
{
    // Applied is final: whatever is said later, the domain has carried it out. A result that comes twice changes nothing the
    // second time; what was failed by us, and reached the domain all the same, is as the domain says.
    private const string Apply = """
        WITH result AS (
            SELECT * FROM unnest($1::uuid[], $2::bool[], $3::text[]) AS given (command_id, is_applied, reason)
        ), found AS (
            SELECT callbacks.id, callbacks.command_id, callbacks.tenant_id, callbacks.subject_id, callbacks.route, callbacks.external_system,
                   callbacks.idempotency_key, callbacks.source_id, result.is_applied, result.reason, callbacks.status
            FROM result JOIN callbacks ON callbacks.command_id = result.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks
        ), changed AS (
            UPDATE callbacks SET
                status = CASE WHEN found.is_applied THEN 'applied' ELSE 'failed' END,
                reason = found.reason, answered_at = clock_timestamp(), lease_until = NULL, repeat_at = NULL
            FROM found
            WHERE callbacks.command_id = found.command_id AND found.status <> 'applied'
                AND (found.is_applied OR found.status <> 'failed' OR callbacks.answered_at IS NULL)
            RETURNING callbacks.command_id
        )
        SELECT found.*, changed.command_id IS NOT NULL FROM found LEFT JOIN changed ON changed.command_id = found.command_id
        """;

    /// <summary>The ids of commands that are known here.</summary>
    /// <param name="results">One a command.</param>
    public async Task<IReadOnlySet<Guid>> ApplyAsync(IReadOnlyList<CommandResult> results, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Apply, connection);
        var columns = new Columns<CommandResult>(command.Parameters, results);
        columns.Add(result => result.CommandId);
        columns.Add(result => result.IsApplied);
        columns.Add(result => result.Reason);

        var known = new HashSet<Guid>();
        var audited = new List<AuditEntry>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                known.Add(row.GetGuid(1));
                if (row.GetBoolean(11))
                {
                    audited.Add(Audit(row));
                }
            }
        }

        if (audited.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { AuditInsert.Command(audited) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return known;
    }

    private AuditEntry Audit(NpgsqlDataReader row) => Actor.System.Did(
        row.GetBoolean(8) ? AuditAction.CallbackApplied : AuditAction.CallbackFailed,
        row.GetString(2),
        PrefixedId.Format(PrefixedId.Callback, row.GetGuid(0)),
        DetailsOf(row));

    private JsonObject DetailsOf(NpgsqlDataReader row)
    {
        var source = row.IsDBNull(7) ? null : PrefixedId.Format(PrefixedId.Source, row.GetGuid(7));
        var details = new CallbackNames(
            routes.SubjectMemberOf(row.GetString(4)), row.GetString(3), row.GetString(5), row.GetString(6), row.GetGuid(1), source).ToDetails();
        details["rule"] = "command_result";
        details["reason"] = row.TextOrNull(9);
        return details;
    }
}
