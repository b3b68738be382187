using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Migrations;
using Webhooks.Database.Partitions;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Migrations;

public sealed class MigratorTests
{
    [Fact]
    public async Task Ten_at_once_on_an_empty_database_all_succeed_and_each_migration_is_applied_once()
    {
        // A data source each, as ten processes would have.
        var connection = await TestDatabase.CreateAsync();
        var sources = Enumerable.Range(0, 10).Select(_ => NpgsqlDataSource.Create(connection)).ToList();

        await Task.WhenAll(sources.Select(MigratedDatabase.MigrateAsync));

        Assert.Equal(Migrator.Embedded().Select(migration => migration.Name), await AppliedAsync(sources[0]));
        Assert.Equal(1, await sources[0].ScalarAsync<long>("SELECT value FROM settings WHERE name = 'shards'"));
        Assert.Equal(0, await sources[0].ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
        sources.ForEach(source => source.Dispose());
    }

    [Fact]
    public async Task Who_finds_another_one_migrating_says_that_it_waits()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await using var transaction = await database.HoldAsync("CREATE TABLE deliveries (in_the_way int)");
        using var log = new CapturedLog();
        using var loggers = new LoggerFactory([log]);

        var first = MigratedDatabase.MigrateAsync(database);
        await Eventually.TrueAsync(
            async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1,
            TimeSpan.FromMinutes(2), "the first one to migrate");
        var second = new Migrator(database, loggers.CreateLogger<Migrator>()).MigrateAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            () => log.Lines.Any(line => line.StartsWith("Information", StringComparison.Ordinal) && line.Contains("Another service is migrating the database: waiting until it is done", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(2), "the second one to say that it waits");
        await transaction.DisposeAsync();

        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task A_migration_and_those_who_wait_for_it_are_given_more_time_than_other_statements()
    {
        // A full database's migration walks through all of its rows.
        var connection = new NpgsqlConnectionStringBuilder(await TestDatabase.CreateAsync());
        await using var beside = NpgsqlDataSource.Create(connection.ConnectionString);
        connection.CommandTimeout = 2;
        await using var database = NpgsqlDataSource.Create(connection.ConnectionString);
        await using var transaction = await beside.HoldAsync("CREATE TABLE deliveries (in_the_way int)");

        Task[] both = [MigratedDatabase.MigrateAsync(database), MigratedDatabase.MigrateAsync(database)];
        await Eventually.TrueAsync(
            async () => Array.Exists(both, migrating => migrating.IsCompleted) || await beside.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '3 seconds'") == 2,
            TimeSpan.FromMinutes(2), "the one to migrate and the other to wait, both for longer than a statement may take");
        await transaction.DisposeAsync();

        await Task.WhenAll(both);
    }

    [Fact]
    public async Task A_database_that_is_current_is_left_as_it_is()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        await database.ExecuteAsync("UPDATE settings SET value = 7 WHERE name = 'config_version'");
        var applied = await database.ColumnAsync<DateTime>("SELECT applied_at FROM schema_migrations");

        await MigratedDatabase.MigrateAsync(database);

        Assert.Equal(7, await database.ScalarAsync<long>("SELECT value FROM settings WHERE name = 'config_version'"));
        Assert.Equal(applied, await database.ColumnAsync<DateTime>("SELECT applied_at FROM schema_migrations"));
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_behind_and_can_be_tried_again()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        // Stands where the migration, after having made half of its tables, wants to put its own.
        await database.ExecuteAsync("CREATE TABLE deliveries (in_the_way int)");

        var failure = await Assert.ThrowsAsync<PostgresException>(() => MigratedDatabase.MigrateAsync(database));

        Assert.Equal(PostgresErrorCodes.DuplicateTable, failure.SqlState);
        Assert.Empty(await AppliedAsync(database));
        Assert.Equal(
            ["deliveries", "schema_migrations"],
            await database.ColumnAsync<string>("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"));

        await database.ExecuteAsync("DROP TABLE deliveries");
        await MigratedDatabase.MigrateAsync(database);
        Assert.NotEmpty(await AppliedAsync(database));
    }

    [Fact]
    public async Task A_service_whose_migration_is_cut_off_waits_and_migrates_again()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await using var transaction = await database.HoldAsync("CREATE TABLE deliveries (in_the_way int)");

        var start = Start(database).StartingAsync(CancellationToken.None);
        await database.EndSessionsAsync("wait_event_type = 'Lock' AND query LIKE '%CREATE TABLE deliveries%'");
        await transaction.DisposeAsync();
        await start;

        Assert.NotEmpty(await AppliedAsync(database));
    }

    [Fact]
    public async Task A_cut_off_migration_is_our_own_fault()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await using var transaction = await database.HoldAsync("CREATE TABLE deliveries (in_the_way int)");

        var migrating = MigratedDatabase.MigrateAsync(database);
        await database.EndSessionsAsync("wait_event_type = 'Lock' AND query LIKE '%CREATE TABLE deliveries%'");

        var fault = await Assert.ThrowsAnyAsync<Exception>(() => migrating);
        Assert.True(DatabaseFault.IsOurs(fault), fault.ToString());
    }

    private static MigrateAtStart Start(NpgsqlDataSource database) => new(
        new Migrator(database, NullLogger<Migrator>.Instance), new DayPartitions(database, TimeProvider.System), new MigratedSchema(), database,
        TimeProvider.System, NullLogger<MigrateAtStart>.Instance);

    private static Task<IReadOnlyList<string>> AppliedAsync(NpgsqlDataSource database) =>
        database.ColumnAsync<string>("SELECT name FROM schema_migrations ORDER BY name");
}
