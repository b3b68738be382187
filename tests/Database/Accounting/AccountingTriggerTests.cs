using Npgsql;
using Webhooks.Database.Migrations;
using Webhooks.TestKit;

namespace Webhooks.Database.Tests.Accounting;

/// <summary>Whoever changes a delivery has it counted, by whatever statement.</summary>
public sealed class AccountingTriggerTests : IAsyncLifetime
{
    private const string Insert = """
        INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status)
        SELECT $3, gen_random_uuid(), $1, 'evt_' || n, 'exception.created', gen_random_uuid(), 1, $4 FROM generate_series(1, $2) AS n
        """;

    private NpgsqlDataSource _database = null!;

    public async ValueTask InitializeAsync() => _database = await MigratedDatabase.CreateAsync();

    public static TheoryData<string, string> Changes()
    {
        string[] statuses = ["pending", "delivered", "failed", "exhausted", "canceled"];
        return new(from status in statuses from next in statuses select (status, next));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_of_status_moves_the_count(string from, string to)
    {
        await InsertAsync("a", 3, from);
        await InsertAsync("b", 1, from);
        Assert.Equal(Of(matched: 3, (from, 3)), await AccountAsync("a"));

        await _database.ExecuteAsync("UPDATE deliveries SET status = $1 WHERE tenant_id = 'a' AND event_id <> 'evt_3'", to);

        Assert.Equal(Of(matched: 3, (to, 2), (from, 1)), await AccountAsync("a"));
        Assert.Equal(Of(matched: 1, (from, 1)), await AccountAsync("b"));
    }

    [Fact]
    public async Task One_statement_over_tenants_and_days_counts_each()
    {
        await InsertAsync("a", 2, "pending");
        await InsertAsync("a", 1, "pending", days: 1);
        await InsertAsync("b", 4, "pending", days: 2);

        await _database.ExecuteAsync("UPDATE deliveries SET status = CASE event_id WHEN 'evt_1' THEN 'failed' ELSE 'delivered' END");

        Assert.Equal(new Account(Matched: 3, Delivered: 1, Failed: 2), await AccountAsync("a"));
        Assert.Equal(new Account(Matched: 4, Delivered: 3, Failed: 1), await AccountAsync("b"));
    }

    [Fact]
    public async Task A_partition_that_is_created_later_is_counted_too()
    {
        await _database.ExecuteAsync("SELECT ensure_day_partition('deliveries', '2030-05-06')");
        await _database.ExecuteAsync(Insert, "a", 2, new DateTime(2030, 5, 6, 7, 8, 9, DateTimeKind.Utc), "pending");

        await _database.ExecuteAsync("UPDATE deliveries SET status = 'exhausted'");

        Assert.Equal(new Account(Matched: 2, Exhausted: 2), await AccountAsync("a"));
    }

    [Fact]
    public async Task An_event_is_accepted_once_however_often_it_comes()
    {
        const string Keys = "INSERT INTO event_keys (tenant_id, event_id, created_at) SELECT $1, 'evt_' || n, now() FROM generate_series(1, $2) AS n ON CONFLICT DO NOTHING";
        await _database.ExecuteAsync(Keys, "a", 3);
        await _database.ExecuteAsync(Keys, "a", 5);

        Assert.Equal(new Account(Accepted: 5), await AccountAsync("a"));
    }

    [Fact]
    public async Task What_is_rolled_back_was_never_counted()
    {
        await using var session = await _database.OpenConnectionAsync();
        await using (var transaction = await session.BeginTransactionAsync())
        {
            await using var insert = new NpgsqlCommand(Insert, session) { Parameters = { new() { Value = "a" }, new() { Value = 2 }, new() { Value = DateTime.UtcNow }, new() { Value = "pending" } } };
            await insert.ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        }

        Assert.Equal(new Account(), await AccountAsync("a"));
    }

    [Fact]
    public async Task A_retry_that_stays_pending_appends_nothing()
    {
        await InsertAsync("a", 5, "pending");
        var before = await _database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas");

        await _database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now(), due_at = now()");
        await _database.ExecuteAsync("UPDATE deliveries SET due_at = NULL WHERE false");

        Assert.Equal(before, await _database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas"));
    }

    [Fact]
    public async Task Retention_lowers_nothing()
    {
        await InsertAsync("a", 3, "pending");
        await _database.ExecuteAsync("UPDATE deliveries SET status = 'canceled' WHERE event_id = 'evt_1'");

        await _database.ExecuteAsync("DELETE FROM deliveries WHERE event_id = 'evt_1'");
        await _database.ExecuteAsync("UPDATE deliveries SET status = 'delivered'");
        foreach (var partition in await _database.ColumnAsync<string>("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'deliveries'::regclass"))
        {
            await _database.ExecuteAsync($"DROP TABLE {partition}");
        }

        Assert.Equal(new Account(Matched: 3, Delivered: 2, Canceled: 1), await AccountAsync("a"));
    }

    [Fact]
    public async Task What_was_there_before_is_counted_by_the_migration()
    {
        await using var database = await MigratedDatabase.CreateEmptyAsync();
        await database.ExecuteAsync("CREATE TABLE schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())");
        foreach (var (name, sql) in Migrator.Embedded().Where(migration => string.CompareOrdinal(migration.Name, "0006") < 0))
        {
            await database.ExecuteAsync(sql);
            await database.ExecuteAsync("INSERT INTO schema_migrations (name) VALUES ($1)", name);
        }

        await database.ExecuteAsync("SELECT ensure_day_partition('deliveries', '2030-05-06')");
        var day = new DateTime(2030, 5, 6, 7, 8, 9, DateTimeKind.Utc);
        await database.ExecuteAsync("INSERT INTO event_keys (tenant_id, event_id, created_at) SELECT 'a', 'evt_' || n, now() FROM generate_series(1, 4) AS n");
        await database.ExecuteAsync(Insert, "a", 2, day, "delivered");
        await database.ExecuteAsync(Insert, "a", 3, day, "pending");
        await database.ExecuteAsync(Insert, "b", 1, day, "canceled");

        await MigratedDatabase.MigrateAsync(database);
        await database.ExecuteAsync("UPDATE deliveries SET status = 'failed' WHERE status = 'pending' AND event_id = 'evt_1'");

        Assert.Equal(new Account(Accepted: 4, Matched: 5, Delivered: 2, Failed: 1), await Account.ReadAsync(database, "a"));
        Assert.Equal(new Account(Matched: 1, Canceled: 1), await Account.ReadAsync(database, "b"));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private Task InsertAsync(string tenantId, int count, string status, int days = 0) =>
        _database.ExecuteAsync(Insert, tenantId, count, DateTime.UtcNow.AddDays(days), status);

    private Task<Account> AccountAsync(string tenantId) => Account.ReadAsync(_database, tenantId);

    private static Account Of(long matched, params (string Status, long Count)[] counts)
    {
        return new Account(Matched: matched, Delivered: Sum("delivered"), Failed: Sum("failed"), Exhausted: Sum("exhausted"), Canceled: Sum("canceled"));

        long Sum(string status) => counts.Where(count => count.Status == status).Sum(count => count.Count);
    }
}
