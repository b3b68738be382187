using Npgsql;

namespace Webhooks.TestKit.Faults;

/// <summary>
/// A user of a database's own, for whom the server can be crowded: it ends the user's sessions and takes no new ones, with the
/// refusal of a server whose connections are all taken (53300).
/// </summary>
public sealed class CrowdedRole
{
    private readonly NpgsqlDataSource _database;
    private readonly string _name = $"crowded_{Guid.NewGuid():N}";

    private CrowdedRole(NpgsqlDataSource database) => _database = database;

    /// <param name="database">As its owner, whose rights the user has but for being a superuser: to those no limit applies.</param>
    public static async Task<CrowdedRole> CreateAsync(NpgsqlDataSource database)
    {
        var role = new CrowdedRole(database);
        await database.ExecuteAsync($"CREATE ROLE {role._name} LOGIN PASSWORD 'crowded' IN ROLE {new NpgsqlConnectionStringBuilder(database.ConnectionString).Username}");
        return role;
    }

    /// <summary>The setting that makes a service this user.</summary>
    public (string Key, string Value) Setting(NpgsqlConnectionStringBuilder server) => (
        "ConnectionStrings:Postgres", new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = _name, Password = "crowded" }.ConnectionString);

    public async Task CrowdAsync()
    {
        await _database.ExecuteAsync($"ALTER ROLE {_name} CONNECTION LIMIT 0");
        await _database.EndSessionsAsync($"usename = '{_name}'");
    }

    public Task MakeRoomAsync() => _database.ExecuteAsync($"ALTER ROLE {_name} CONNECTION LIMIT -1");
}
