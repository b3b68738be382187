using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class FirstAttemptSweepTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Later = TimeProvider.System.GetUtcNow().AddHours(1);

    private World _world = null!;
    private FirstAttemptSweep _sweep = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _sweep = new FirstAttemptSweep(_world.Database);
        _subscription = await _world.SubscribeAsync("https://receiver.example/");
    }

    [Theory]
    [InlineData("status = 'delivered'")]
    [InlineData("last_attempt = 1")]
    [InlineData("due_at = now() + interval '1 hour'")]
    [InlineData("next_attempt_at = now()")]
    public async Task Only_what_waits_for_its_first_attempt_and_for_nobody_else_is_owed(string but)
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 3);
        await _world.Database.ExecuteAsync($"UPDATE deliveries SET {but} WHERE id = $1", accepted[1].Id);

        var stretch = await LookAsync(await StartAsync(), limit: 10);

        Assert.Equal([accepted[0].Id, accepted[2].Id], stretch.Owed.Select(delivery => delivery.Id));
        Assert.Equal((new DeliveryKey(accepted[2].CreatedAt, accepted[2].Id), 3), (stretch.End!.Value, stretch.Looked));
    }

    [Fact]
    public async Task It_goes_on_where_it_has_ended_and_looks_at_each_once()
    {
        // Two events of several deliveries, so that moments are shared.
        var accepted = await _world.AcceptAsync(_subscription, count: 2);
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision)
            SELECT created_at, gen_random_uuid(), tenant_id, event_id, event_type, subscription_id, revision FROM deliveries, generate_series(1, 6)
            """);

        var found = new List<Guid>();
        var after = await StartAsync();
        while (await LookAsync(after, limit: 5) is { Looked: > 0 } stretch)
        {
            found.AddRange(stretch.Owed.Select(delivery => delivery.Id));
            after = stretch.End!.Value;
        }

        Assert.Equal(14, found.Count);
        Assert.Equal((await _world.Database.ColumnAsync<Guid>("SELECT id FROM deliveries")).Order(), found.Order());

        // The next leader knows the moment, not the delivery.
        await _sweep.SaveAsync(after, CancellationToken.None);
        Assert.Equal(7, (await LookAsync(await StartAsync(), limit: 100)).Owed.Count);
        Assert.Equal(accepted[1].CreatedAt, after.CreatedAt);
    }

    [Fact]
    public async Task What_was_accepted_after_the_mark_is_not_looked_at()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 3);

        var stretch = await _sweep.LookAsync(await StartAsync(), before: accepted[2].CreatedAt, limit: 10, CancellationToken.None);

        Assert.Equal(2, stretch.Owed.Count);
    }

    [Fact]
    public async Task A_leader_that_was_replaced_takes_nothing_back()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 2);
        await _sweep.SaveAsync(new DeliveryKey(accepted[1].CreatedAt, accepted[1].Id), CancellationToken.None);

        await _sweep.SaveAsync(new DeliveryKey(accepted[0].CreatedAt, accepted[0].Id), CancellationToken.None);

        Assert.Equal(accepted[1].CreatedAt, (await StartAsync()).CreatedAt);
    }

    // Its deliveries will be as old as its beginning, however late it commits.
    [Fact]
    public async Task A_transaction_that_writes_holds_the_sweep_back_and_one_that_reads_does_not()
    {
        await using var reading = await _world.Database.OpenConnectionAsync();
        await using var read = await reading.BeginTransactionAsync();
        await using var select = new Npgsql.NpgsqlCommand("SELECT 1", reading);
        await select.ExecuteScalarAsync();
        Assert.Null(await _sweep.OldestWriterAsync(CancellationToken.None));

        await using var writing = await _world.Database.OpenConnectionAsync();
        await using var write = await writing.BeginTransactionAsync();
        await using var insert = new Npgsql.NpgsqlCommand("UPDATE settings SET value = value WHERE name = 'shards' RETURNING now()", writing);
        var began = (DateTime)(await insert.ExecuteScalarAsync())!;

        Assert.Equal(began, (await _sweep.OldestWriterAsync(CancellationToken.None))!.Value.UtcDateTime);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<DeliveryKey> StartAsync() => _sweep.StartAsync(CancellationToken.None);

    private Task<SweptStretch> LookAsync(DeliveryKey after, int limit) => _sweep.LookAsync(after, Later, limit, CancellationToken.None);
}
