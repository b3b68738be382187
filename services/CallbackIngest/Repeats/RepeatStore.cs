using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database;

namespace Webhooks.CallbackIngest.Repeats;

/// <summary>Claims unanswered commands whose time has come. Several instances share them out: a row that one is at is skipped by the others.</summary>
internal sealed class RepeatStore(NpgsqlDataSource database, RouteTable routes, IOptions<CallbackOptions> options)
{
    private const int GroupLimit = 200;

    // Less often each time: a service that is away for days finds its commands once in its queue, and not a thousand times.
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private const string Claim = """
        UPDATE callbacks SET
            repeats = callbacks.repeats + 1,
            repeat_at = clock_timestamp() + greatest($1, least($2, $1 * (2 ^ least(callbacks.repeats + 1, 20))))
        FROM (
            SELECT id FROM callbacks WHERE status = 'accepted' AND repeat_at <= clock_timestamp()
            ORDER BY repeat_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
        WHERE callbacks.id = due.id
        RETURNING callbacks.route, callbacks.command_id, callbacks.command, callbacks.traceparent
        """;

    /// <summary>Whoever claims and dies has only delayed the next repeat.</summary>
    public async Task<IReadOnlyList<OutgoingCommand>> ClaimAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Claim);
        command.Parameters.Add(new() { Value = options.Value.CommandRepeatAfter });
        command.Parameters.Add(new() { Value = LongestPause });
        command.Parameters.Add(new() { Value = (long)GroupLimit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var claimed = new List<OutgoingCommand>();
        while (await row.ReadAsync(cancellationToken))
        {
            if (routes.Find(row.GetString(0)) is { } route)
            {
                claimed.Add(new OutgoingCommand(route, row.GetGuid(1), row.GetFieldValue<byte[]>(2), row.TextOrNull(3)));
            }
        }

        return claimed;
    }
}
