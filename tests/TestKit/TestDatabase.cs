using Webhooks.Local.Provisioning;

namespace Webhooks.TestKit;

/// <summary>One real PostgreSQL a test process (without fsync), started when first used; a database keeps tests apart.</summary>
public static class TestDatabase
{
    private static int _databases;

    /// <summary>Npgsql connection string of a new, empty database.</summary>
    public static async Task<string> CreateAsync(CancellationToken cancellationToken = default)
    {
        var server = await TestRun.DatabaseAsync();
        return await server.CreateDatabaseAsync($"test_{Interlocked.Increment(ref _databases)}", cancellationToken);
    }

    /// <summary>The server itself. Killing it hits every test that runs meanwhile: such a test starts one of its own.</summary>
    public static Task<PostgresServer> ServerAsync() => TestRun.DatabaseAsync();
}
