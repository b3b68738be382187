using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retention;

public sealed class When_a_day_is_dropped_under_load : IAsyncLifetime
{
    private const int DaysAgo = 40;
    private const int Waiting = 50_000;

    // What takes tens of milliseconds, on a machine that does other things as well.
    private static readonly TimeSpan NoStall = TimeSpan.FromSeconds(20);

    // Fifty thousand deliveries are canceled first, and 40 s later the partitions go.
    private static readonly TimeSpan DropLimit = 3 * World.Limit;

    // Whoever waits for a whole table, but for the one who drops: not for a moment, but for as long as somebody reads.
    private const string WaitForTables = """
        SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND locktype = 'relation' AND datname = current_database() AND query NOT LIKE 'ALTER TABLE%' AND query NOT LIKE 'DROP TABLE%'
          AND clock_timestamp() - query_start > interval '2 seconds'
        """;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_keep_nobody_waiting_although_somebody_reads_the_old_day_all_the_time()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var old = await PastDay.CreateAsync(_world, DaysAgo);
        await old.AcceptAsync(subscription, "delivered", 10, "evt_old_");
        await old.AcceptAsync(subscription, "pending", Waiting, "evt_waiting_");
        // Of a table one partition at a time can be half detached.
        var older = await PastDay.CreateAsync(_world, DaysAgo + 1);
        await using var reader = await _world.Database.OpenConnectionAsync();
        await using var reading = await reader.BeginTransactionAsync();
        await ReadAllAsync(reader);
        await _world.StartDispatcherAsync();

        var sent = 0;
        var longest = TimeSpan.Zero;
        await GoOnUntilAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") > 0, "a partition to be half detached");

        // Detaching waits for the reader, and nobody waits for it.
        for (var more = 0; more < 30; more++)
        {
            await GoOnAsync();
        }

        // Nor does what else is old.
        await _world.Database.ExecuteAsync(
            "INSERT INTO parked (id, created_at, reason, detail, properties, body) VALUES (gen_random_uuid(), now() - interval '40 days', 'not_json', '', '', '')");
        await Eventually.TrueAsync(async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM parked") == 0, World.Limit, "the old parked message to go");
        Assert.Equal((3, 3), ((await older.LeftAsync()).Count, (await old.LeftAsync()).Count));
        await reading.CommitAsync();
        await GoOnUntilAsync(async () => (await old.LeftAsync()).Count + (await older.LeftAsync()).Count == 0, "both days to go");

        Assert.Equal(sent, receiver.Count);
        Assert.InRange(longest, TimeSpan.Zero, NoStall);
        Assert.Equal(Waiting, await _world.Database.ScalarAsync<long>(
            "SELECT sum(canceled)::bigint FROM (SELECT canceled FROM accounting_totals UNION ALL SELECT canceled FROM accounting_deltas) AS counted"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhdetachpending"));

        Task GoOnUntilAsync(Func<Task<bool>> condition, string what) => Eventually.TrueAsync(
            async () =>
            {
                if (await condition())
                {
                    return true;
                }

                await GoOnAsync();
                return false;
            },
            DropLimit, what);

        async Task GoOnAsync()
        {
            var began = TimeProvider.System.GetTimestamp();
            await _world.DeliverAsync(subscription);
            sent++;
            var last = -1L;
            await Eventually.TrueAsync(
                async () =>
                {
                    Assert.Equal(0, await _world.Database.ScalarAsync<long>(WaitForTables));
                    return (last = await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'delivered' AND created_at > now() - interval '1 day'")) == sent;
                },
                World.Limit, () => $"{sent} deliveries; there were {last}");
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, TimeProvider.System.GetElapsedTime(began).Ticks));
        }
    }

    [Fact]
    public async Task Should_go_on_where_another_one_was_killed()
    {
        var half = await PastDay.CreateAsync(_world, DaysAgo);
        var begun = await PastDay.CreateAsync(_world, DaysAgo + 1);
        // One was detached and not dropped, and one is neither in nor out.
        await _world.Database.ExecuteAsync($"ALTER TABLE attempts DETACH PARTITION {half.Partition("attempts")}");
        await using (var reader = await _world.Database.OpenConnectionAsync())
        await using (await reader.BeginTransactionAsync())
        {
            await ReadAllAsync(reader);
            await using var detaching = await _world.Database.OpenConnectionAsync();
            await ExecuteAsync(detaching, "SET lock_timeout = '100ms'");
            var refused = await Assert.ThrowsAsync<PostgresException>(
                () => ExecuteAsync(detaching, $"ALTER TABLE attempts DETACH PARTITION {begun.Partition("attempts")} CONCURRENTLY"));
            Assert.Equal(PostgresErrorCodes.LockNotAvailable, refused.SqlState);
        }

        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhdetachpending"));

        await _world.StartDispatcherAsync();

        await half.GoneAsync();
        await begun.GoneAsync();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static Task ReadAllAsync(NpgsqlConnection reader) => ExecuteAsync(reader, "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM attempts), (SELECT count(*) FROM events)");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
