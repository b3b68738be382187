using Npgsql;
using Webhooks.Database.Partitions;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Partitions;

public sealed class DayPartitionsTests
{
    private static readonly DateTimeOffset Noon = new(2024, 2, 28, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Tables = ["attempts", "deliveries", "events"];

    [Fact]
    public async Task Each_table_has_yesterday_today_and_a_week_ahead()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);

        await EnsureAsync(database, Noon);

        string[] days = ["20240227", "20240228", "20240229", "20240301", "20240302", "20240303", "20240304", "20240305", "20240306"];
        Assert.Equal(Tables.SelectMany(table => days.Select(day => $"{table}_{day}")), await PartitionsAsync(database));
    }

    [Fact]
    public async Task The_next_day_adds_one_and_takes_none_away()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);
        await EnsureAsync(database, Noon);
        var before = await PartitionsAsync(database);

        await EnsureAsync(database, Noon.AddDays(1));

        Assert.Equal(["attempts_20240307", "deliveries_20240307", "events_20240307"], (await PartitionsAsync(database)).Except(before));
        Assert.Empty(before.Except(await PartitionsAsync(database)));
    }

    [Fact]
    public async Task Ten_keepers_at_once_are_one()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => EnsureAsync(database, Noon)));

        Assert.Equal(3 * 9, (await PartitionsAsync(database)).Count);
    }

    [Fact]
    public async Task A_row_lands_in_the_day_of_its_acceptance_whatever_the_sessions_time_zone()
    {
        var connection = await TestDatabase.CreateAsync();
        await using var database = NpgsqlDataSource.Create(connection + ";Options=-c timezone=Pacific/Auckland");
        await MigratedDatabase.MigrateAsync(database);
        await EnsureAsync(database, Noon);

        Assert.Equal("events_20240228", await PartitionOfAsync(database, "2024-02-28T00:00:00Z"));
        Assert.Equal("events_20240228", await PartitionOfAsync(database, "2024-02-28T23:59:59.999999Z"));
        Assert.Equal("events_20240229", await PartitionOfAsync(database, "2024-02-29T00:00:00Z"));
    }

    // As the publisher writes, as the dispatcher records, and as it looks: a keeper that kept one table locked while it
    // waits for another would stand in a circle with one of them, and PostgreSQL would end either after a second.
    [Theory]
    [InlineData("events", "deliveries")]
    [InlineData("attempts", "deliveries")]
    [InlineData("deliveries", "events")]
    public async Task A_keeper_never_stands_in_a_circle_with_a_writer(string first, string second)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);
        await EnsureAsync(database, Noon);
        await using var writer = await database.OpenConnectionAsync();
        await ExecuteAsync(writer, $"BEGIN; LOCK TABLE {first} IN ROW EXCLUSIVE MODE");

        var ensuring = EnsureAsync(database, Noon.AddDays(1));
        await Eventually.TrueAsync(
            async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0,
            TimeSpan.FromSeconds(30), "the keeper to wait for the writer");
        await ExecuteAsync(writer, $"LOCK TABLE {second} IN ROW EXCLUSIVE MODE; COMMIT");
        await ensuring;

        Assert.Equal(3 * 10, (await PartitionsAsync(database)).Count);
    }

    private static Task EnsureAsync(NpgsqlDataSource database, DateTimeOffset now) =>
        new DayPartitions(database, new StoppedClock(now)).EnsureAsync(CancellationToken.None);

    private static Task<IReadOnlyList<string>> PartitionsAsync(NpgsqlDataSource database) =>
        database.ColumnAsync<string>("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent IN ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass) ORDER BY name");

    private static Task<string> PartitionOfAsync(NpgsqlDataSource database, string createdAt) => database.ScalarAsync<string>(
        $"INSERT INTO events VALUES ('{createdAt}', 'tenant_001', 'evt_001', 'a.b', '', '1.0', NULL, '') RETURNING tableoid::regclass::text");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
