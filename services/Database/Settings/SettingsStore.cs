using Npgsql;

namespace Webhooks.Database.Settings;

/// <summary>The numbers the whole fleet shares.</summary>
/// <param name="ConfigVersion">Moves with every change of configuration.</param>
/// <param name="Shards">How many delivery queues there are; only grows.</param>
public readonly record struct FleetSettings(long ConfigVersion, int Shards);

/// <summary>The SQL of the settings table.</summary>
public sealed class SettingsStore(NpgsqlDataSource database)
{
    /// <summary>The configuration's version, for a statement beside others.</summary>
    public const string SelectConfigVersion = "SELECT value FROM settings WHERE name = 'config_version'";

    private const string Select = $"SELECT ({SelectConfigVersion}), (SELECT value FROM settings WHERE name = 'shards')";

    public async Task<FleetSettings> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Select);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new FleetSettings(reader.GetInt64(0), (int)reader.GetInt64(1));
    }

    /// <summary>Raises the shard count to what a service was configured with; a lower configuration changes nothing.</summary>
    public async Task RaiseShardsAsync(int configured, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            WITH raised AS (UPDATE settings SET value = $1 WHERE name = 'shards' AND value < $1 RETURNING 1),
                 bumped AS (UPDATE settings SET value = value + 1 WHERE name = 'config_version' AND EXISTS (SELECT FROM raised) RETURNING value)
            SELECT pg_notify('webhooks_config', value::text) FROM bumped
            """);
        command.Parameters.AddWithValue((long)configured);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
