using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Database;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>How the publishing of a reserved key's command ended.</summary>
/// <param name="Callback">The callback.</param>
/// <param name="CallbackId">Its id.</param>
/// <param name="FailedBecause">Null: the broker has confirmed it.</param>
internal sealed record Completion(IncomingCallback Callback, Guid CallbackId, string? FailedBecause);

/// <summary>Writes how keys ended, a group in one transaction, with what the audit says of them. May be repeated.</summary>
internal sealed class CompletionStore(NpgsqlDataSource database, IOptions<CallbackOptions> options)
{
    // The domain service may be faster than we are: what it said of the command stays. What was failed by us meanwhile (the
    // lease ran out) is accepted after all: the broker has the command.
    private const string Accept = """
        UPDATE callbacks SET
            accepted_at = coalesce(accepted_at, clock_timestamp()),
            lease_until = NULL,
            repeat_at = CASE WHEN answered_at IS NULL THEN clock_timestamp() + $2 END,
            reason = CASE WHEN answered_at IS NULL THEN NULL ELSE reason END,
            status = CASE WHEN answered_at IS NULL THEN 'accepted' ELSE status END
        WHERE command_id IN (
            SELECT callbacks.command_id FROM unnest($1::uuid[]) AS done (command_id) JOIN callbacks ON callbacks.command_id = done.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks)
        """;

    private const string Fail = """
        UPDATE callbacks SET status = 'failed', lease_until = NULL, reason = failed.reason
        FROM (
            SELECT callbacks.command_id, given.reason
            FROM unnest($1::uuid[], $2::text[]) AS given (command_id, reason) JOIN callbacks ON callbacks.command_id = given.command_id
            ORDER BY callbacks.command_id FOR UPDATE OF callbacks) AS failed
        WHERE callbacks.command_id = failed.command_id AND callbacks.status = 'reserved'
        """;

    public async Task<bool[]> WriteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // One batch without a transaction of its own is one.
        await using var batch = new NpgsqlBatch(connection);
        if (completions.Where(completion => completion.FailedBecause is null).ToList() is { Count: > 0 } accepted)
        {
            batch.BatchCommands.Add(new(Accept)
            {
                Parameters =
                {
                    new NpgsqlParameter<Guid[]> { TypedValue = [.. accepted.Select(completion => completion.Callback.CommandId)] },
                    new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.CommandRepeatAfter },
                },
            });
        }

        if (completions.Where(completion => completion.FailedBecause is not null).ToList() is { Count: > 0 } failed)
        {
            var command = new NpgsqlBatchCommand(Fail);
            var columns = new Columns<Completion>(command.Parameters, failed);
            columns.Add(completion => completion.Callback.CommandId);
            columns.Add(completion => completion.FailedBecause);
            batch.BatchCommands.Add(command);
        }

        batch.BatchCommands.Add(AuditInsert.Command([.. completions.Select(Audit)]));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return [.. completions.Select(_ => true)];
    }

    private static AuditEntry Audit(Completion completion) => completion.FailedBecause is { } reason
        ? completion.Callback.Audit(AuditAction.CallbackFailed, completion.CallbackId, completion.Callback.Actor, reason)
        : completion.Callback.Audit(AuditAction.CallbackAccepted, completion.CallbackId, completion.Callback.Actor);
}
