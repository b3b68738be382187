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
    // second time; what was failed by us, and reached the domain all the same, is as the domain says. Whoever answers a command
    // has had it from the broker: if nobody has said so yet, it is said here, before what became of it. Only who published it
    // knows by whom, so that a result that is faster than this is given back to come again, while it may.
    private static readonly string Apply = $"""
        WITH result AS (
            SELECT * FROM {KeyLookup.Keys("unnest($1::uuid[], $2::bool[], $3::text[], $4::bool[])")} AS given (command_id, is_applied, reason, may_wait)
        ), found AS (
            SELECT callbacks.id, callbacks.command_id, callbacks.tenant_id, callbacks.subject_id, callbacks.route, callbacks.external_system,
                   callbacks.idempotency_key, callbacks.source_id, result.is_applied, result.reason, callbacks.status,
                   callbacks.accepted_at IS NULL AND callbacks.status = 'reserved' AND result.may_wait AS waits,
                   callbacks.accepted_at IS NULL AS is_first_to_know, clock_timestamp() AS at
            FROM result JOIN callbacks ON callbacks.command_id = result.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks
        ), changed AS (
            UPDATE callbacks SET
                status = CASE WHEN found.is_applied THEN 'applied' ELSE 'failed' END,
                reason = found.reason, accepted_at = coalesce(callbacks.accepted_at, found.at),
                answered_at = greatest(clock_timestamp(), callbacks.accepted_at, found.at), lease_until = NULL, repeat_at = NULL
            FROM found
            WHERE callbacks.command_id = found.command_id AND NOT found.waits AND found.status <> 'applied'
                AND (found.is_applied OR found.status <> 'failed' OR callbacks.answered_at IS NULL)
            RETURNING callbacks.command_id
        )
        SELECT found.*, changed.command_id IS NOT NULL FROM found LEFT JOIN changed ON changed.command_id = found.command_id
        """;

    /// <summary>What each result did, by the ids of the commands; of a command that is not known here nothing.</summary>
    /// <param name="results">One a command.</param>
    /// <param name="mayWait">May a result be given back because its callback is still being accepted?</param>
    public async Task<IReadOnlyDictionary<Guid, ResultEffect>> ApplyAsync(
        IReadOnlyList<CommandResult> results, Func<CommandResult, bool> mayWait, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Apply, connection);
        var columns = new Columns<CommandResult>(command.Parameters, results);
        columns.Add(result => result.CommandId);
        columns.Add(result => result.IsApplied);
        columns.Add(result => result.Reason);
        columns.Add(mayWait);

        var effects = new Dictionary<Guid, ResultEffect>();
        // Before the others, so that they are older.
        var accepted = new List<AuditEntry>();
        var audited = new List<AuditEntry>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var changed = row.GetBoolean(14);
                effects[row.GetGuid(1)] = changed ? ResultEffect.Applied : row.GetBoolean(11) ? ResultEffect.Waits : ResultEffect.None;
                if (changed && row.GetBoolean(12))
                {
                    accepted.Add(Audit(row, AuditAction.CallbackAccepted, reason: null));
                }

                if (changed)
                {
                    audited.Add(Audit(row, row.GetBoolean(8) ? AuditAction.CallbackApplied : AuditAction.CallbackFailed, row.TextOrNull(9)));
                }
            }
        }

        if (audited.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { AuditInsert.Command(accepted), AuditInsert.Command(audited) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return effects;
    }

    private AuditEntry Audit(NpgsqlDataReader row, string action, string? reason) =>
        Actor.System.Did(action, row.GetString(2), PrefixedId.Format(PrefixedId.Callback, row.GetGuid(0)), DetailsOf(row, reason));

    private JsonObject DetailsOf(NpgsqlDataReader row, string? reason)
    {
        var source = row.IsDBNull(7) ? null : PrefixedId.Format(PrefixedId.Source, row.GetGuid(7));
        var details = new CallbackNames(
            routes.SubjectMemberOf(row.GetString(4)), row.GetString(3), row.GetString(5), row.GetString(6), row.GetGuid(1), source).ToDetails();
        details["rule"] = "command_result";
        details["reason"] = reason;
        return details;
    }
}
