using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Webhooks.Database.Deliveries;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>What the broker did not take is left to the due-poller: many rows at once, over one session.</summary>
public sealed class HandOverTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Many_at_once_take_one_session_and_few_statements()
    {
        const int Count = 2_500;
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), Count);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() + interval '1 hour'");
        // Two sessions at once would be one too many.
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { MaxPoolSize = 1, Timeout = 1 });
        using var gate = new DatabaseGate(database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        var statements = await TransactionsAsync();

        var handOver = new HandOver(new DeliveryStore(database), gate);
        await Task.WhenAll(accepted.Select(delivery => handOver.ToPollerAsync(RowOf(delivery), lastAttempt: 1, isInDoubt: false, CancellationToken.None))).WaitAsync(World.Limit);

        Assert.Equal(Count, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at = next_attempt_at"));
        Assert.InRange(await TransactionsAsync() - statements, 1, 100);
    }

    // What the broker has of it is recorded by then, and takes it back.
    [Fact]
    public async Task What_the_broker_may_have_as_well_is_announced_a_little_later()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 2);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() + interval '1 hour'");
        using var gate = new DatabaseGate(_world.Database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);
        var handOver = new HandOver(new DeliveryStore(_world.Database), gate);

        await handOver.ToPollerAsync(RowOf(accepted[0]), lastAttempt: 1, isInDoubt: true, CancellationToken.None);
        await handOver.ToPollerAsync(RowOf(accepted[1]), lastAttempt: 1, isInDoubt: false, CancellationToken.None);

        Assert.Equal([HandOver.Doubt, TimeSpan.Zero], await _world.DeliveriesAsync<TimeSpan>("due_at - next_attempt_at"));
    }

    [Fact]
    public async Task What_has_gone_on_meanwhile_is_left_as_it_is()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 2, next_attempt_at = now() + interval '1 hour'");
        using var gate = new DatabaseGate(_world.Database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);

        await new HandOver(new DeliveryStore(_world.Database), gate).ToPollerAsync(RowOf(accepted[0]), lastAttempt: 1, isInDoubt: false, CancellationToken.None);

        Assert.Equal([true], await _world.DeliveriesAsync<bool>("due_at IS NULL"));
    }

    [Fact]
    public async Task What_is_put_off_is_due_after_its_wait_unless_it_has_gone_on_or_is_in_a_lane()
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 3);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1 WHERE id = $1", accepted[1].Id);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET lane_due_at = now() WHERE id = $1", accepted[2].Id);
        using var gate = new DatabaseGate(_world.Database, TimeProvider.System, NullLogger<DatabaseGate>.Instance);

        var handOver = new HandOver(new DeliveryStore(_world.Database), gate);
        await Task.WhenAll(accepted.Select(delivery => handOver.PutOffAsync(Rows.Of(delivery) with { LastAttempt = 0 }, TimeSpan.FromHours(1), CancellationToken.None)));

        Assert.Equal([true, false, false], await _world.DeliveriesAsync<bool>("coalesce(due_at BETWEEN now() + interval '50 minutes' AND now() + interval '1 hour', false)"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task<long> TransactionsAsync()
    {
        await _world.Database.ExecuteAsync("SELECT pg_stat_force_next_flush()");
        return await _world.Database.ScalarAsync<long>("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
    }

    private static DeliveryRow RowOf(Accepted delivery) => Rows.Of(delivery) with { LastAttempt = 1 };
}
