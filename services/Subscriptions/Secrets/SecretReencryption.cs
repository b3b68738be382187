using Npgsql;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>
/// Encrypts stored secrets anew that are under another key than the current one, while services run. Each chunk is a
/// transaction of its own, so that a run that dies has lost one chunk's work and the next one finds the rest. The texts
/// stay what they are: no cache has to hear of it.
/// </summary>
public sealed class SecretReencryption(NpgsqlDataSource database, SecretVault vault)
{
    public string KeyId => vault.CurrentKeyId;

    /// <summary>How many are left.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var counts = SealedPlace.All.Select(place => $"(SELECT count(*) FROM {place.Table} WHERE {place.UnderAnotherKeyThan("$1")})");
        await using var command = database.CreateCommand($"SELECT {string.Join(" + ", counts)}");
        command.Parameters.Add(new() { Value = KeyId });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Does one chunk.</summary>
    /// <param name="after">The end of the chunk before.</param>
    /// <param name="size">How many subscriptions, and how many sources, at most.</param>
    /// <returns>Null: there is none left after <paramref name="after"/>.</returns>
    public async Task<ReencryptedChunk?> NextAsync(Guid after, int size, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var locked = new List<(string Owners, List<Guid> Ids)>();
        foreach (var owners in SealedPlace.All.Select(place => place.Owners).Distinct())
        {
            locked.Add((owners, await LockAsync(connection, owners, after, size, cancellationToken)));
        }

        if (locked.All(owners => owners.Ids.Count == 0))
        {
            return null;
        }

        // Where one table has more, the chunk ends for all: the next one begins behind one id.
        var end = locked.Any(owners => owners.Ids.Count == size)
            ? locked.Where(owners => owners.Ids.Count == size).Min(owners => owners.Ids[^1])
            : locked.SelectMany(owners => owners.Ids).Max();

        var faults = new List<string>();
        var count = 0;
        foreach (var place in SealedPlace.All)
        {
            var ids = locked.First(owners => owners.Owners == place.Owners).Ids.Where(id => id <= end).ToList();
            var secrets = await ReadAsync(connection, place, ids, faults, cancellationToken);
            await WriteAsync(connection, place, secrets, cancellationToken);
            count += secrets.Count;
        }

        await transaction.CommitAsync(cancellationToken);
        return new ReencryptedChunk(end, count, faults);
    }

    // The lock that a change of one takes, too: nobody replaces a secret meanwhile. In the order of the ids, and
    // deliveries go on: they only read.
    private async Task<List<Guid>> LockAsync(NpgsqlConnection connection, string owners, Guid after, int size, CancellationToken cancellationToken)
    {
        var exist = SealedPlace.All.Where(place => place.Owners == owners).Select(place => $"EXISTS (SELECT FROM {place.Table} WHERE {place.OwnerId} = {owners}.id AND {place.UnderAnotherKeyThan("$1")})");
        await using var command = new NpgsqlCommand(
            $"""
            SELECT id FROM {owners}
            WHERE id > $2 AND ({string.Join(" OR ", exist)})
            ORDER BY id LIMIT $3 FOR NO KEY UPDATE
            """,
            connection);
        command.Parameters.Add(new() { Value = KeyId });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = size });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var locked = new List<Guid>();
        while (await row.ReadAsync(cancellationToken))
        {
            locked.Add(row.GetGuid(0));
        }

        return locked;
    }

    private async Task<List<StoredSecret>> ReadAsync(
        NpgsqlConnection connection, SealedPlace place, List<Guid> owners, List<string> faults, CancellationToken cancellationToken)
    {
        // A statement of its own: it sees what was written until the locks were had.
        await using var command = new NpgsqlCommand(
            $"SELECT {place.OwnerId}, {place.Number}, {place.KeyId}, {place.Ciphertext} FROM {place.Table} WHERE {place.OwnerId} = ANY ($2) AND {place.UnderAnotherKeyThan("$1")}",
            connection);
        command.Parameters.Add(new() { Value = KeyId });
        command.Parameters.Add(new() { Value = owners.ToArray() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var secrets = new List<StoredSecret>();
        while (await row.ReadAsync(cancellationToken))
        {
            var ownerId = row.GetGuid(0);
            try
            {
                var text = vault.Open(ownerId, new SealedSecret(row.GetString(2), row.GetFieldValue<byte[]>(3)));
                secrets.Add(new StoredSecret(ownerId, row.GetInt32(1), vault.Seal(ownerId, text)));
            }
            catch (SecretSealedException fault)
            {
                faults.Add(fault.Message);
            }
        }

        return secrets;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, SealedPlace place, List<StoredSecret> secrets, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            UPDATE {place.Table} AS place SET {place.KeyId} = given.key_id, {place.Ciphertext} = given.ciphertext
            FROM unnest($1, $2, $3, $4) AS given (owner_id, number, key_id, ciphertext)
            WHERE place.{place.OwnerId} = given.owner_id AND place.{place.Number} = given.number
            """,
            connection);
        command.Parameters.Add(new() { Value = secrets.Select(secret => secret.OwnerId).ToArray() });
        command.Parameters.Add(new() { Value = secrets.Select(secret => secret.Number).ToArray() });
        command.Parameters.Add(new() { Value = secrets.Select(secret => secret.Sealed.KeyId).ToArray() });
        command.Parameters.Add(new() { Value = secrets.Select(secret => secret.Sealed.Ciphertext).ToArray() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record StoredSecret(Guid OwnerId, int Number, SealedSecret Sealed);
}

/// <summary>What was done in one step.</summary>
/// <param name="End">The last subscription or source that it can have.</param>
/// <param name="Count">How many secrets are under the current key now.</param>
/// <param name="Faults">A sentence for each secret that could not be opened, and stays as it is.</param>
public sealed record ReencryptedChunk(Guid End, int Count, IReadOnlyList<string> Faults);
