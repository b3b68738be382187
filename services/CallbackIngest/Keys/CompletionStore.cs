using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Database;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>How the publishing of a reserved key's command ended.</summary>
/// <param name="Callback">The callback.</param>
/// <param name="FailedBecause">Null: the broker has confirmed it.</param>
internal sealed record Completion(IncomingCallback Callback, string? FailedBecause);

/// <summary>Writes how keys ended, a group in one transaction, with what the audit says of them. May be repeated.</summary>
internal sealed class CompletionStore(NpgsqlDataSource database, IOptions<CallbackOptions> options)
{
    // The domain service may be faster than we are: what it said of the command stays. What was failed by us meanwhile (the
    // lease ran out) is accepted after all: the broker has the command.
    private static readonly string Accept = $"""
        UPDATE callbacks SET
            accepted_at = least(clock_timestamp(), answered_at),
            lease_until = NULL,
            repeat_at = CASE WHEN answered_at IS NULL THEN clock_timestamp() + $2 END,
            reason = CASE WHEN answered_at IS NULL THEN NULL ELSE reason END,
            status = CASE WHEN answered_at IS NULL THEN 'accepted' ELSE status END
        WHERE accepted_at IS NULL AND command_id IN (
            SELECT callbacks.command_id FROM {KeyLookup.Keys("unnest($1::uuid[])")} AS done (command_id) JOIN callbacks ON callbacks.command_id = done.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks)
        RETURNING command_id, id
        """;

    // Only one's own: who reserved it since may be publishing.
    private static readonly string Fail = $"""
        UPDATE callbacks SET status = 'failed', lease_until = NULL, reason = failed.reason
        FROM (
            SELECT callbacks.command_id, given.reservation, given.reason
            FROM {KeyLookup.Keys("unnest($1::uuid[], $2::uuid[], $3::text[])")} AS given (command_id, reservation, reason) JOIN callbacks ON callbacks.command_id = given.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks) AS failed
        WHERE callbacks.command_id = failed.command_id AND callbacks.status = 'reserved' AND callbacks.reservation = failed.reservation
        RETURNING callbacks.command_id, callbacks.id
        """;

    /// <summary>Whether each changed anything: what was written before, or is another's by now, does not.</summary>
    public async Task<bool[]> WriteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken)
    {
        var (accepted, failed) = (completions.Where(completion => completion.FailedBecause is null).ToList(), completions.Where(completion => completion.FailedBecause is not null).ToList());
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var isAccepted = await ChangeAsync(connection, accepted.Count == 0 ? null : AcceptAll(accepted), cancellationToken);
        var isFailed = await ChangeAsync(connection, failed.Count == 0 ? null : FailAll(failed), cancellationToken);

        var changed = new bool[completions.Count];
        var audited = new List<AuditEntry>(completions.Count);
        foreach (var (place, completion) in completions.Index())
        {
            // Taken out: two requests may have come to the same end.
            if ((completion.FailedBecause is null ? isAccepted : isFailed).Remove(completion.Callback.CommandId, out var id))
            {
                changed[place] = true;
                audited.Add(completion.Callback.Audit(
                    completion.FailedBecause is null ? AuditAction.CallbackAccepted : AuditAction.CallbackFailed, id, completion.Callback.Actor, completion.FailedBecause));
            }
        }

        if (audited.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { AuditInsert.Command(audited) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return changed;
    }

    private NpgsqlBatchCommand AcceptAll(List<Completion> accepted) => new(Accept)
    {
        Parameters =
        {
            new NpgsqlParameter<Guid[]> { TypedValue = [.. accepted.Select(completion => completion.Callback.CommandId)] },
            new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.CommandRepeatAfter },
        },
    };

    private static NpgsqlBatchCommand FailAll(List<Completion> failed)
    {
        var command = new NpgsqlBatchCommand(Fail);
        var columns = new Columns<Completion>(command.Parameters, failed);
        columns.Add(completion => completion.Callback.CommandId);
        columns.Add(completion => completion.Callback.Reservation);
        columns.Add(completion => completion.FailedBecause);
        return command;
    }

    /// <summary>The callbacks that it changed, by their commands' ids.</summary>
    private static async Task<Dictionary<Guid, Guid>> ChangeAsync(NpgsqlConnection connection, NpgsqlBatchCommand? change, CancellationToken cancellationToken)
    {
        var changed = new Dictionary<Guid, Guid>();
        if (change is null)
        {
            return changed;
        }

        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { change } };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            changed[row.GetGuid(0)] = row.GetGuid(1);
        }

        return changed;
    }
}
