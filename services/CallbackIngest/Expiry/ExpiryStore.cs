using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Expiry;

/// <summary>Ends leases that nobody took over, and forgets keys whose time is over.</summary>
internal sealed class ExpiryStore(NpgsqlDataSource database, RouteTable routes, IOptions<CallbackOptions> options, TimeProvider clock)
{
    public const int GroupLimit = 500;

    private const string LeaseOver = "The instance that was publishing the command has ended, and the callback was not sent again.";

    private const string EndLeases = """
        UPDATE callbacks SET status = 'failed', lease_until = NULL, reason = $1
        FROM (
            SELECT id FROM callbacks WHERE status = 'reserved' AND lease_until <= clock_timestamp()
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED) AS over
        WHERE callbacks.id = over.id
        RETURNING callbacks.id, tenant_id, command_id, route, subject_id, external_system, idempotency_key, source_id
        """;

    // The order of ids is the order of time.
    private const string Forget = """
        WITH over AS (
            SELECT id FROM callbacks WHERE id < $1 AND status <> 'reserved' ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            DELETE FROM callbacks USING over WHERE callbacks.id = over.id RETURNING callbacks.status
        )
        SELECT count(*), count(*) FILTER (WHERE status = 'accepted') FROM forgotten
        """;

    private const string ForgetInbound = """
        DELETE FROM inbound_webhooks WHERE id IN (
            SELECT id FROM inbound_webhooks WHERE received_at < $1 ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        """;

    /// <summary>How many keys are free again.</summary>
    public async Task<int> EndLeasesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var ended = new List<AuditEntry>();
        await using (var command = new NpgsqlCommand(EndLeases, connection))
        {
            command.Parameters.Add(new() { Value = LeaseOver });
            command.Parameters.Add(new() { Value = (long)GroupLimit });
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            while (await row.ReadAsync(cancellationToken))
            {
                ended.Add(Actor.System.Did(
                    AuditAction.CallbackFailed, row.GetString(1), PrefixedId.Format(PrefixedId.Callback, row.GetGuid(0)), DetailsOf(row)));
            }
        }

        if (ended.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { AuditInsert.Command(ended) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return ended.Count;
    }

    /// <summary>How many keys were forgotten, and how many of those nobody had answered.</summary>
    public async Task<(int Forgotten, int Unanswered)> ForgetAsync(CancellationToken cancellationToken)
    {
        // The smallest id of that millisecond, so that none younger is below it.
        var before = SmallestIdOf(clock.GetUtcNow() - TimeSpan.FromDays(options.Value.CallbackRetentionDays));
        await using var command = database.CreateCommand(Forget);
        command.Parameters.Add(new() { Value = before });
        command.Parameters.Add(new() { Value = (long)GroupLimit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return ((int)row.GetInt64(0), (int)row.GetInt64(1));
    }

    /// <summary>How many webhooks that were no commands were forgotten: told of again, if they ever come again.</summary>
    public async Task<int> ForgetInboundAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ForgetInbound);
        command.Parameters.Add(new() { Value = (clock.GetUtcNow() - TimeSpan.FromDays(options.Value.CallbackRetentionDays)).UtcDateTime });
        command.Parameters.Add(new() { Value = (long)GroupLimit });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private JsonObject DetailsOf(NpgsqlDataReader row)
    {
        var source = row.IsDBNull(7) ? null : PrefixedId.Format(PrefixedId.Source, row.GetGuid(7));
        var details = new CallbackNames(
            routes.SubjectMemberOf(row.GetString(3)), row.GetString(4), row.GetString(5), row.GetString(6), row.GetGuid(2), source).ToDetails();
        details["rule"] = "lease";
        details["reason"] = LeaseOver;
        return details;
    }

    private static Guid SmallestIdOf(DateTimeOffset moment)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, moment.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
