using Npgsql;
using Webhooks.Database.Auditing;

namespace Webhooks.Management.Parking;

/// <summary>
/// A parked message whose row is locked while it is put back, so that nobody else does. Disposed of before it was marked, also by
/// the death of this process, it waits as before.
/// </summary>
internal sealed class ParkedHold(NpgsqlConnection connection, NpgsqlTransaction transaction, StoredParked parked, ParkedContent content) : IAsyncDisposable
{
    /// <summary>The whole of it.</summary>
    public ParkedContent Content => content;

    /// <summary>Notes that it is back in its queue.</summary>
    public async Task<StoredParked> MarkRepublishedAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var mark = new NpgsqlCommand("UPDATE parked SET republished_at = clock_timestamp() WHERE id = $1 RETURNING republished_at", connection, transaction)
        {
            Parameters = { new() { Value = parked.Id } },
        };
        var moment = (DateTime)(await mark.ExecuteScalarAsync(cancellationToken))!;
        await AuditInsert.ExecuteAsync(connection, ParkedAudit.Republished(parked, actor), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return parked with { RepublishedAt = new DateTimeOffset(moment, TimeSpan.Zero) };
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
