using Npgsql;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>Asks whether the configured keys open what is stored, before anything needs it.</summary>
public sealed class SecretKeyCheck(NpgsqlDataSource database, SecretVault vault)
{
    // One row that was altered must not pass for a wrong key.
    private const int Samples = 3;

    /// <summary>A sentence for each key that is missing or another one than was used; none: all is well.</summary>
    public async Task<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        foreach (var keyId in await UsedKeysAsync(cancellationToken))
        {
            if (!vault.Knows(keyId))
            {
                faults.Add($"Webhooks:SecretKeys:{keyId} is missing: secrets are stored that were encrypted with it. Configure it at least until reencrypt-secrets has run.");
            }
            else if (await IsAnotherAsync(keyId, cancellationToken))
            {
                faults.Add($"Webhooks:SecretKeys:{keyId} is not the key that the stored secrets with this id were encrypted with.");
            }
        }

        return faults;
    }

    private async Task<List<string>> UsedKeysAsync(CancellationToken cancellationToken)
    {
        var keys = SealedPlace.All.Select(place => $"SELECT {place.KeyId} FROM {place.Table} WHERE {place.KeyId} IS NOT NULL");
        await using var command = database.CreateCommand($"{string.Join(" UNION ", keys)} ORDER BY 1");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var used = new List<string>();
        while (await row.ReadAsync(cancellationToken))
        {
            used.Add(row.GetString(0));
        }

        return used;
    }

    private async Task<bool> IsAnotherAsync(string keyId, CancellationToken cancellationToken)
    {
        var samples = SealedPlace.All.Select(place => $"(SELECT {place.OwnerId}, {place.Ciphertext} FROM {place.Table} WHERE {place.KeyId} = $1 LIMIT $2)");
        await using var command = database.CreateCommand(string.Join(" UNION ALL ", samples));
        command.Parameters.Add(new() { Value = keyId });
        command.Parameters.Add(new() { Value = Samples });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var sealedOnes = 0;
        for (; await row.ReadAsync(cancellationToken); sealedOnes++)
        {
            try
            {
                vault.Open(row.GetGuid(0), new SealedSecret(keyId, row.GetFieldValue<byte[]>(1)));
                return false;
            }
            catch (SecretSealedException)
            {
                // The next one may open.
            }
        }

        return sealedOnes > 0;
    }
}
