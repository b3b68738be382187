using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;

namespace Webhooks.CallbackIngest.Expiry;

/// <summary>Ends leases that nobody took over, and forgets keys whose time is over.</summary>
internal sealed class ExpiryStore(NpgsqlDataSource database, IOptions<CallbackOptions> options, TimeProvider clock)
{
    public const int GroupLimit = 500;

    private const string LeaseOver = "The instance that was publishing the command has ended, and the callback was not sent again.";

    private const string EndLeases = """
        UPDATE callbacks SET status = 'failed', lease_until = NULL, reason = $1
        FROM (
            SELECT id FROM callbacks WHERE status = 'reserved' AND lease_until <= clock_timestamp()
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED) AS over
        WHERE callbacks.id = over.id
        RETURNING callbacks.id, tenant_id, command_id
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
                    AuditAction.CallbackFailed,
                    row.GetString(1),
                    PrefixedId.Format(PrefixedId.Callback, row.GetGuid(0)),
                    new JsonObject { ["rule"] = "lease", ["command_id"] = row.GetGuid(2), ["reason"] = LeaseOver }));
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

    private static Guid SmallestIdOf(DateTimeOffset moment)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, moment.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
