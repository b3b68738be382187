using Npgsql;
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
    /// <param name="bodyLimit">How much of the body is wanted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null: it was deleted meanwhile.</returns>
    public async Task<ParkedContent?> BeginningAsync(Guid id, int bodyLimit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT properties, substring(body FROM 1 FOR $2) FROM parked WHERE id = $1");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = bodyLimit });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? ReadContent(row) : null;
    }

    /// <summary>Takes hold of a message to put it back. Of those who have seen it as it stands, one gets it.</summary>
    /// <param name="seen">The message as it was found.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null: somebody else has hold of it, or has put it back since, or it is deleted.</returns>
    public async Task<ParkedHold?> HoldAsync(StoredParked seen, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            // For the broker to confirm.
            await IdleTransaction.AllowAsync(connection, cancellationToken);
            await using var command = new NpgsqlCommand(
                "SELECT properties, body FROM parked WHERE id = $1 AND republished_at IS NOT DISTINCT FROM $2 FOR UPDATE SKIP LOCKED", connection, transaction);
            command.Parameters.Add(new() { Value = seen.Id });
            command.Parameters.Add(NullableColumns.Parameter(seen.RepublishedAt, NpgsqlTypes.NpgsqlDbType.TimestampTz));
            await using (var row = await command.ExecuteReaderAsync(cancellationToken))
            {
                if (await row.ReadAsync(cancellationToken))
                {
                    return new ParkedHold(connection, transaction, seen, ReadContent(row));
                }
            }

            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>False: it was deleted before.</summary>
    public async Task<bool> DeleteAsync(StoredParked parked, Actor actor, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var delete = new NpgsqlCommand("DELETE FROM parked WHERE id = $1", connection, transaction) { Parameters = { new() { Value = parked.Id } } };
        if (await delete.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        await AuditInsert.ExecuteAsync(connection, ParkedAudit.Deleted(parked, actor), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static ParkedContent ReadContent(NpgsqlDataReader row) => new(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1));
}
