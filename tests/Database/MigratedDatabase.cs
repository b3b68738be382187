using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Migrations;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests;

/// <summary>Databases as a service finds them after its start.</summary>
internal static class MigratedDatabase
{
    public static async Task<NpgsqlDataSource> CreateAsync() => NpgsqlDataSource.Create(await TestDatabase.CreateMigratedAsync());

    public static async Task<NpgsqlDataSource> CreateEmptyAsync() => NpgsqlDataSource.Create(await TestDatabase.CreateAsync());

    public static Task MigrateAsync(NpgsqlDataSource database) =>
        new Migrator(database, NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);
}
