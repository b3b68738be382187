using Npgsql;
using Webhooks.Dispatcher.Accounting;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Accounting;

/// <summary>Folding changes what reading costs, never what is read.</summary>
public sealed class AccountingFoldTests : IAsyncLifetime
{
    private const int Tenants = 40;

    private const string Totals = """
        SELECT sum(matched)::bigint, sum(delivered)::bigint, sum(canceled)::bigint
        FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted
        """;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Writers_of_many_tenants_and_two_who_fold_at_once_lose_nothing_and_never_deadlock()
    {
        const int Writers = 8;
        const int Rounds = 25;
        var fold = new FoldStore(_world.Database);
        using var written = new CancellationTokenSource();
        var (lowest, reads) = (0L, 0);

        async Task FoldAsync()
        {
            while (!written.IsCancellationRequested)
            {
                // Small chunks: many of them, and tenants that stand in several.
                await fold.FoldAsync(limit: 37, CancellationToken.None);
            }
        }

        async Task ReadAsync()
        {
            while (!written.IsCancellationRequested)
            {
                // A delta that is read twice or not at all while it is folded would show as a step too high or back.
                var matched = await _world.Database.ScalarAsync<long>("SELECT coalesce(sum(matched), 0)::bigint FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted");
                Assert.InRange(matched, lowest, Writers * Rounds * Tenants);
                Assert.Equal(0, matched % Tenants);
                (lowest, reads) = (matched, reads + 1);
            }
        }

        Task[] beside = [FoldAsync(), FoldAsync(), ReadAsync()];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(writer, Rounds)));
        await written.CancelAsync();
        await Task.WhenAll(beside);

        Assert.True(reads > 0);
        await AssertExactAsync();
        while (await fold.FoldAsync(1_000, CancellationToken.None) > 0)
        {
        }

        await AssertExactAsync();
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas"));
        Assert.Equal(Tenants, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_totals"));
    }

    [Fact]
    public async Task The_leader_folds_what_was_counted()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url), count: 3);

        await _world.EndedAsync();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM accounting_deltas") == 0, World.Limit, "the deltas to be folded");
        Assert.Equal(
            (3, 3), (await _world.Database.ScalarAsync<long>("SELECT matched FROM accounting_totals"), await _world.Database.ScalarAsync<long>("SELECT delivered FROM accounting_totals")));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>A round is a delivery for each tenant, each writer's in an order of its own; then changes, half of them to canceled.</summary>
    private async Task WriteAsync(int writer, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var subscription = Guid.NewGuid();
            await _world.Database.ExecuteAsync(
                """
                INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
                SELECT now(), gen_random_uuid(), 'tenant_' || n, 'evt_' || n, 'a.b', $1, 1 FROM generate_series(1, $2) AS n ORDER BY md5(n::text || $3)
                """,
                subscription, Tenants, $"{writer} {round}");
            await _world.Database.ExecuteAsync(
                "UPDATE deliveries SET status = CASE WHEN tenant_id < 'tenant_3' THEN 'canceled' ELSE 'delivered' END WHERE subscription_id = $1", subscription);
            await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'delivered' WHERE subscription_id = $1 AND tenant_id < 'tenant_2'", subscription);
        }
    }

    private async Task AssertExactAsync()
    {
        await using var command = _world.Database.CreateCommand(
            $"""
            SELECT counted.sum = (SELECT count(*) FROM deliveries) AND counted.sum_1 = (SELECT count(*) FROM deliveries WHERE status = 'delivered')
               AND counted.sum_2 = (SELECT count(*) FROM deliveries WHERE status = 'canceled')
            FROM ({Totals}) AS counted (sum, sum_1, sum_2)
            """);
        Assert.Equal(true, await command.ExecuteScalarAsync());
    }
}
