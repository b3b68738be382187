using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Commands;
using Webhooks.Database;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>
/// Reserves keys, a group in one transaction. Times are the database's: leases and limits hold over a fleet whose clocks
/// differ. Each scope is locked first, so that what is looked up holds until it is written.
/// </summary>
internal sealed class KeyStore(NpgsqlDataSource database, IOptions<CallbackOptions> options)
{
    private const string Upsert = """
        INSERT INTO callbacks (
            id, command_id, tenant_id, route, subject_id, external_system, idempotency_key, fingerprint, external_updated_at,
            superseded, command, traceparent, source_id, reservation, status, lease_until, created_at)
        SELECT *, 'reserved', clock_timestamp() + $15, clock_timestamp()
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::timestamptz[], $10::bool[], $11::bytea[], $12::text[], $13::uuid[], $14::uuid[])
        ON CONFLICT (command_id) DO UPDATE SET
            status = 'reserved', lease_until = excluded.lease_until, reservation = excluded.reservation,
            superseded = excluded.superseded, command = excluded.command, traceparent = excluded.traceparent,
            -- A source's may be others since: its settings can change, and its sender's words.
            fingerprint = excluded.fingerprint, external_system = excluded.external_system, external_updated_at = excluded.external_updated_at,
            reason = NULL, repeats = 0, repeat_at = NULL, accepted_at = NULL, answered_at = NULL
        """;

    /// <summary>What the keys say, each in its callback's place.</summary>
    public async Task<KeyOutcome[]> ReserveAsync(IReadOnlyList<IncomingCallback> callbacks, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var found = await KeyLook.ReadAsync(connection, [.. callbacks.Select(callback => callback.Claim)], options.Value.CallbacksPerMinute, cancellationToken);

        var outcomes = new KeyOutcome[callbacks.Count];
        var taken = new List<(IncomingCallback Callback, KeyOutcome.Reserved Reserved)>();
        foreach (var (place, callback) in callbacks.Index())
        {
            var row = found.Rows.GetValueOrDefault(callback.CommandId);
            var window = found.Windows[KeyScope.Of(callback)];
            if (KeyRules.Decide(row, found.ToldOf(callback.Claim), callback.Fingerprint, callback.Source is null ? null : callback.SubjectId, found.Now, window) is { } refused)
            {
                outcomes[place] = refused;
                continue;
            }

            if (row is null)
            {
                window.Add();
            }

            var superseded = found.IsSuperseded(callback);
            var reserved = new KeyOutcome.Reserved(row?.Id ?? Guid.CreateVersion7(callback.ReceivedAt), CommandWriter.Write(callback, superseded), superseded);
            taken.Add((callback, reserved));
            outcomes[place] = reserved;
            // The next one of this group finds what this one leaves.
            found.Rows[callback.CommandId] = new KeyRow(reserved.CallbackId, KeyRow.Reserved, callback.Fingerprint, callback.SubjectId, found.Now + options.Value.CallbackLease);
        }

        if (taken.Count > 0)
        {
            await WriteAsync(connection, taken, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return outcomes;
    }

    private async Task WriteAsync(NpgsqlConnection connection, List<(IncomingCallback Callback, KeyOutcome.Reserved Reserved)> taken, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Upsert, connection);
        // In one order everywhere: whoever writes several rows must not meet another half-way.
        var columns = new Columns<(IncomingCallback Callback, KeyOutcome.Reserved Reserved)>(command.Parameters, [.. taken.OrderBy(row => row.Callback.CommandId)]);
        columns.Add(row => row.Reserved.CallbackId);
        columns.Add(row => row.Callback.CommandId);
        columns.Add(row => row.Callback.TenantId);
        columns.Add(row => row.Callback.Route.Name);
        columns.Add(row => row.Callback.SubjectId);
        columns.Add(row => row.Callback.Body.ExternalSystem);
        columns.Add(row => row.Callback.Key);
        columns.Add(row => row.Callback.Fingerprint);
        columns.Add(row => row.Callback.Body.UpdatedAt?.UtcDateTime);
        columns.Add(row => row.Reserved.Superseded);
        columns.Add(row => row.Reserved.Command);
        columns.Add(row => row.Callback.TraceParent);
        columns.Add(row => row.Callback.Source?.SourceId);
        columns.Add(row => row.Callback.Reservation);
        command.Parameters.Add(new() { Value = options.Value.CallbackLease });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
