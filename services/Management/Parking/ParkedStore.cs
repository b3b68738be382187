using Npgsql;
using Webhooks.Api.Pages;
using Webhooks.Contracts;
using Webhooks.Database;
using Webhooks.Database.Auditing;

namespace Webhooks.Management.Parking;

/// <summary>Marks and deletes parked messages. Dispatcher writes them.</summary>
internal sealed class ParkedStore(NpgsqlDataSource database)
{
    private const string IsVisible = "id = $1 AND ($2::text IS NULL OR tenant_id = $2)";

    public async Task<StoredParked?> FindAsync(Guid id, string? tenantId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {ParkedList.Columns} FROM parked WHERE {IsVisible}");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(NullableColumns.Parameter(tenantId, NpgsqlTypes.NpgsqlDbType.Text));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? ParkedList.Read(row) : null;
    }

    /// <param name="id">One that was found.</param>
    /// <param name="bodyLimit">How much of the body is wanted; null: all of it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null: it was deleted meanwhile.</returns>
    public async Task<ParkedContent?> ContentAsync(Guid id, int? bodyLimit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT properties, {(bodyLimit is { } limit ? $"substring(body FROM 1 FOR {limit})" : "body")} FROM parked WHERE id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new ParkedContent(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>Notes that it is back in its queue. Null: it was deleted meanwhile.</summary>
    public Task<DateTimeOffset?> MarkRepublishedAsync(StoredParked parked, Actor actor, CancellationToken cancellationToken) => ChangeAsync(
        "UPDATE parked SET republished_at = now() WHERE id = $1 RETURNING republished_at", AuditAction.ParkedRepublished, parked, actor, cancellationToken);

    /// <summary>False: it was deleted before.</summary>
    public async Task<bool> DeleteAsync(StoredParked parked, Actor actor, CancellationToken cancellationToken) => await ChangeAsync(
        "DELETE FROM parked WHERE id = $1 RETURNING now()", AuditAction.ParkedDeleted, parked, actor, cancellationToken) is not null;

    private async Task<DateTimeOffset?> ChangeAsync(string sql, string action, StoredParked parked, Actor actor, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = parked.Id } } };
        if (await command.ExecuteScalarAsync(cancellationToken) is not DateTime moment)
        {
            return null;
        }

        await AuditInsert.ExecuteAsync(
            connection,
            actor.Did(
                action, parked.TenantId, PrefixedId.Format(PrefixedId.Parked, parked.Id),
                new() { ["reason"] = parked.Reason, ["queue"] = parked.Queue, ["message_id"] = parked.MessageId }),
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new DateTimeOffset(moment, TimeSpan.Zero);
    }
}
