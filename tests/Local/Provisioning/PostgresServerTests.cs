using Npgsql;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.TestKit;

namespace Webhooks.Local.Tests.Provisioning;

public sealed class PostgresServerTests
{
    [Fact]
    public async Task A_killed_server_comes_back_on_its_port_with_what_was_committed()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("database");
        await using var server = await PostgresServer.StartAsync(owner);
        var database = await server.CreateDatabaseAsync("webhooks") + ";Pooling=false";
        await ExecuteAsync(database, "CREATE TABLE kept (text text); INSERT INTO kept VALUES ('still here')");
        var first = (server.ConnectionString, server.ProcessId);

        await server.KillAsync();
        Assert.DoesNotContain(ProcessTable.WorkingIn(DataOf(owner), "postgres"), ProcessTable.IsAlive);
        await server.RestartAsync();

        Assert.Equal(first.ConnectionString, server.ConnectionString);
        Assert.NotEqual(first.ProcessId, server.ProcessId);
        Assert.Equal("still here", await ExecuteAsync(database, "SELECT text FROM kept"));
    }

    [Fact]
    public async Task It_comes_back_although_only_the_postmaster_was_killed_and_a_backend_was_busy()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("database");
        await using var server = await PostgresServer.StartAsync(owner);
        var busy = ExecuteAsync(server.ConnectionString + ";Pooling=false", "SELECT count(*) FROM generate_series(1, 1000000000)");
        await Eventually.TrueAsync(
            async () => await ExecuteAsync(
                server.ConnectionString,
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate_series%'") is > 0L,
            TimeSpan.FromMinutes(2),
            "the long query to run");

        ProcessSignal.Send(server.ProcessId, ProcessSignal.Kill);
        await server.Exited;
        await server.RestartAsync();

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => busy);
        Assert.Equal(1, await ExecuteAsync(server.ConnectionString + ";Pooling=false", "SELECT 1"));
    }

    [Fact]
    public async Task Commits_are_on_the_disk_unless_asked_otherwise()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("database");
        await using var server = await PostgresServer.StartAsync(owner);

        Assert.Equal("on", await ExecuteAsync(server.ConnectionString, "SHOW fsync"));
        Assert.Equal("off", await ExecuteAsync(await TestDatabase.CreateAsync(), "SHOW fsync"));
    }

    [Fact]
    public async Task A_password_is_asked_for()
    {
        var server = await TestDatabase.ServerAsync();
        var without = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "guess", Pooling = false };

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(without.ConnectionString, "SELECT 1"));

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task A_start_that_fails_shows_the_end_of_the_servers_log()
    {
        using var owner = await TestDirectory.CreateOwnedAsync("database");
        await using (var server = await PostgresServer.StartAsync(owner))
        {
            await File.AppendAllTextAsync(Path.Combine(DataOf(owner), "postgresql.conf"), "\nno_such_setting = 1\n");

            var failure = await Assert.ThrowsAsync<ProvisioningException>(() => server.RestartAsync());

            Assert.Contains("no_such_setting", failure.Message, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(ProcessTable.WorkingIn(DataOf(owner), "postgres"), ProcessTable.IsAlive);
    }

    private static string DataOf(OwnedDirectory owner) => Path.Combine(owner.Path, "postgres", "data");

    private static async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        return await command.ExecuteScalarAsync();
    }
}
