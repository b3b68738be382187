using Npgsql;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Migrations;

/// <summary>
/// Runs while no other test writes: an open transaction, even in another database of the server, keeps old versions of
/// rows, and with them the room on their page.
/// </summary>
[CollectionDefinition(nameof(NobodyElseWrites), DisableParallelization = true)]
public sealed class NobodyElseWrites;

/// <summary>The shape of the busiest table: a delivery's status changes within milliseconds of its insert, and must cost no index.</summary>
[Collection(nameof(NobodyElseWrites))]
public sealed class DeliveriesTableTests
{
    private const int Count = 2_000;

    private const string InsertDeliveries = """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
        SELECT now(), gen_random_uuid(), 'tenant_001', 'evt_' || n, 'exception.created', gen_random_uuid(), 1 FROM generate_series(1, $1) AS n
        """;

    [Fact]
    public async Task A_first_attempt_that_ends_a_delivery_touches_no_index()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        await database.ExecuteAsync(InsertDeliveries, Count);

        await database.ExecuteAsync(
            "UPDATE deliveries SET status = 'delivered', last_attempt = 1, next_attempt_at = NULL, due_at = NULL, owed_times = NULL, finished_at = now()");

        Assert.Equal((Count, Count), await UpdatesAsync(database));
    }

    // When the broker brings the next attempt stands in an index, or one that it has lost would not be found.
    [Fact]
    public async Task An_attempt_that_is_followed_by_another_is_looked_for_by_its_time()
    {
        await using var database = await MigratedDatabase.CreateAsync();
        await database.ExecuteAsync(InsertDeliveries, Count);

        await database.ExecuteAsync("UPDATE deliveries SET status = 'pending', last_attempt = 1, next_attempt_at = now(), due_at = NULL, finished_at = NULL");

        Assert.Equal((Count, 0), await UpdatesAsync(database));
    }

    [Fact]
    public async Task More_than_half_of_each_page_is_kept_for_changes_of_deliveries_and_of_nothing_else()
    {
        await using var database = await MigratedDatabase.CreateAsync();

        Assert.Equal(
            ["attempts: ", "deliveries: fillfactor=45", "events: "],
            await database.ColumnAsync<string>(
                """
                SELECT DISTINCT parent.relname || ': ' || coalesce(array_to_string(child.reloptions, ' '), '') AS options
                FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent JOIN pg_class AS child ON child.oid = inhrelid
                WHERE child.relkind = 'r' ORDER BY options
                """));
    }

    private static async Task<(int All, int InPlace)> UpdatesAsync(NpgsqlDataSource database)
    {
        // A session's counters reach the shared ones when it is idle, or asked to. There is one session: nothing here runs at once.
        await database.ExecuteAsync("SELECT pg_stat_force_next_flush()");
        return ((int)await SumAsync("n_tup_upd"), (int)await SumAsync("n_tup_hot_upd"));

        Task<long> SumAsync(string counter) =>
            database.ScalarAsync<long>($"SELECT sum({counter})::bigint FROM pg_stat_user_tables WHERE relname LIKE 'deliveries\\_%'");
    }
}
