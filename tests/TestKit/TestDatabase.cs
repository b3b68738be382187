using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Migrations;
using Webhooks.Database.Partitions;
using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>One real PostgreSQL a test process (without fsync), started when first used; a database keeps tests apart.</summary>
public static class TestDatabase
{
    private const string Template = "migrated";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly Lazy<Task> Migrated = new(MigrateTemplateAsync);

    private static int _databases;

    /// <summary>Npgsql connection string of a new, empty database.</summary>
    public static async Task<string> CreateAsync(CancellationToken cancellationToken = default)
    {
        var server = await TestRun.DatabaseAsync();
        return await server.CreateDatabaseAsync(NextName(), cancellationToken);
    }

    /// <summary>
    /// Npgsql connection string of a new database as a service leaves it that has started: a copy of one that our migrations made,
    /// which costs a quarter of making it. Most tests that have the servers at work begin with one, so this waits while the machine is crowded.
    /// </summary>
    public static async Task<string> CreateMigratedAsync()
    {
        await Machine.HaveRoomAsync();
        await Migrated.Value;
        var (server, name) = (await TestRun.DatabaseAsync(), NextName());
        await ExecuteAsync(server, $"CREATE DATABASE \"{name}\" TEMPLATE \"{Template}\" STRATEGY file_copy");
        return server.ConnectionStringOf(name);
    }

    /// <summary>Makes of an empty database what a service leaves that has started; answers its connection string.</summary>
    public static async Task<string> MigrateAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await new Migrator(database, NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
        await new DayPartitions(database, TimeProvider.System).EnsureAsync(CancellationToken.None);
        return connectionString;
    }

    /// <summary>
    /// Drops one of ours, whoever is connected to it; leaves those of other servers alone. Autovacuum visits each that is left once a minute:
    /// hundreds of them keep a core busy.
    /// </summary>
    public static async Task DropAsync(NpgsqlConnectionStringBuilder database)
    {
        var server = await TestRun.DatabaseAsync();
        if (database.Port == server.Port)
        {
            await Eventually.TrueAsync(() => IsDroppedAsync(server, database.Database!), Limit, $"{database.Database} to be dropped");
        }
    }

    /// <summary>The server itself. Killing it hits every test that runs meanwhile: such a test starts one of its own.</summary>
    public static Task<PostgresServer> ServerAsync() => TestRun.DatabaseAsync();

    /// <summary>False: whoever was connected is told to go, and had no time yet. PostgreSQL waits five seconds for them.</summary>
    private static async Task<bool> IsDroppedAsync(PostgresServer server, string name)
    {
        try
        {
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
            return true;
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            return false;
        }
    }

    private static async Task ExecuteAsync(PostgresServer server, string sql)
    {
        await using var maintenance = new NpgsqlConnection(server.ConnectionString);
        await maintenance.OpenAsync();
        await using var command = new NpgsqlCommand(sql, maintenance) { CommandTimeout = (int)Limit.TotalSeconds };
        await command.ExecuteNonQueryAsync();
    }

    private static string NextName() => $"test_{Interlocked.Increment(ref _databases)}";

    private static async Task MigrateTemplateAsync() => await MigrateAsync(await (await TestRun.DatabaseAsync()).CreateDatabaseAsync(Template));
}
