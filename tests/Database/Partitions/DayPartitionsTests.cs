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

    // Whoever waited for one that reads or writes for long would keep all others waiting behind it.
    [Theory]
    [InlineData("ACCESS SHARE")]
    [InlineData("ROW EXCLUSIVE")]
    public async Task A_keeper_waits_for_nobody_who_reads_or_writes(string mode)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);
        await EnsureAsync(database, Noon);
        await using var session = await database.OpenConnectionAsync();
        await ExecuteAsync(session, $"BEGIN; LOCK TABLE events, deliveries, attempts IN {mode} MODE");

        await EnsureAsync(database, Noon.AddDays(1)).WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(3 * 10, (await PartitionsAsync(database)).Count);
        await ExecuteAsync(session, "COMMIT");
    }

    [Theory]
    [InlineData("events")]
    [InlineData("deliveries")]
    [InlineData("attempts")]
    public async Task A_partition_is_what_PostgreSQL_would_have_made_of_the_table(string table)
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await MigratedDatabase.MigrateAsync(database);
        await database.ExecuteAsync($"CREATE TRIGGER each_row AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()");
        await EnsureAsync(database, Noon);
        await database.ExecuteAsync($"CREATE TABLE {table}_19990101 PARTITION OF {table} FOR VALUES FROM ('1999-01-01') TO ('1999-01-02'){(table == "deliveries" ? " WITH (fillfactor = 45)" : "")}");

        var made = await DescribeAsync(database, $"{table}_20240228");
        Assert.NotEmpty(made);
        Assert.Equal(await DescribeAsync(database, $"{table}_19990101"), made);
    }

    private static Task EnsureAsync(NpgsqlDataSource database, DateTimeOffset now) =>
        new DayPartitions(database, new StoppedClock(now)).EnsureAsync(CancellationToken.None);

    private static Task<IReadOnlyList<string>> PartitionsAsync(NpgsqlDataSource database) =>
        database.ColumnAsync<string>("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent IN ('events'::regclass, 'deliveries'::regclass, 'attempts'::regclass) ORDER BY name");

    private static Task<string> PartitionOfAsync(NpgsqlDataSource database, string createdAt) => database.ScalarAsync<string>(
        $"INSERT INTO events VALUES ('{createdAt}', 'tenant_001', 'evt_001', 'a.b', '', '1.0', NULL, '') RETURNING tableoid::regclass::text");

    /// <summary>All that the catalogs say of a partition's columns, constraints, indexes, triggers and parameters, without its name.</summary>
    private static async Task<IReadOnlyList<string>> DescribeAsync(NpgsqlDataSource database, string partition) =>
    [
        .. (await database.ColumnAsync<string>(
            $"""
            SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attislocal, attinhcount, attstorage, attcompression, attidentity, attgenerated,
                             pg_get_expr(adbin, adrelid))
            FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = '{partition}'::regclass AND attnum > 0
            UNION ALL
            SELECT concat_ws(' ', conname, contype, conislocal, coninhcount, connoinherit, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = '{partition}'::regclass
            UNION ALL
            SELECT concat_ws(' ', pg_get_indexdef(indexrelid), inhparent::regclass, indisvalid, indisprimary)
            FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid WHERE indrelid = '{partition}'::regclass
            UNION ALL
            SELECT concat_ws(' ', tgname, tgtype, tgenabled, tgparentid <> 0) FROM pg_trigger WHERE tgrelid = '{partition}'::regclass
            UNION ALL
            SELECT concat_ws(' ', reloptions, relpersistence, relreplident, relispartition, relowner, reltablespace, relam) FROM pg_class WHERE oid = '{partition}'::regclass
            ORDER BY 1
            """)).Select(line => line.Replace(partition, "partition", StringComparison.Ordinal)),
    ];

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
