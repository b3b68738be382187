using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Rollups;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>
/// Whoever changes many deliveries locks them in the order of their keys, whatever order they came in: the due-poller
/// clears rows whose attempts are being recorded already, and two orders would make a circle.
/// </summary>
public sealed class LockOrderTests : IAsyncLifetime
{
    private World _world = null!;
    private ServiceHost _dispatcher = null!;
    private NpgsqlDataSource _database = null!;
    private IReadOnlyList<Accepted> _backward = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        // Sessions as the dispatcher's own, which plan in its way.
        _world.Postgres.PersistSecurityInfo = true;
        _dispatcher = await _world.StartDispatcherAsync();
        _database = NpgsqlDataSource.Create(_dispatcher.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync("https://receiver.example/"), count: 20);
        _backward = [.. accepted.OrderByDescending(delivery => delivery.CreatedAt)];
        foreach (var delivery in _backward)
        {
            await _world.MakeDueAsync(delivery, DueAt);
        }
    }

    private static DateTimeOffset DueAt { get; } = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public Task Recording_attempts() => AssertWaitsForTheFirstAsync(
        () => Stores.Attempts(_database).RecordAsync([.. _backward.Select(FailedTwice)], CancellationToken.None));

    [Fact]
    public Task Clearing_what_was_announced() => AssertWaitsForTheFirstAsync(
        () => new DueStore(_database).ClearAsync([.. _backward.Select(delivery => new DueDelivery(delivery.Id, delivery.CreatedAt, delivery.SubscriptionId, 1, DueAt))], DueAt, CancellationToken.None));

    [Fact]
    public Task Leaving_to_the_due_poller() => AssertWaitsForTheFirstAsync(
        () => new DeliveryStore(_database).HandToPollerAsync([.. _backward.Select(delivery => new Handed(delivery.Id, delivery.CreatedAt, LastAttempt: 1))], CancellationToken.None));

    [Fact]
    public async Task Leaving_what_is_owed_to_the_due_poller()
    {
        await _world.Database.ExecuteAsync("UPDATE deliveries SET due_at = NULL");
        await AssertWaitsForTheFirstAsync(() => new OwedStore(_database).HandToPollerAsync(
            [.. _backward.Select(delivery => new OwedDelivery(delivery.Id, delivery.CreatedAt, LastAttempt: 1))], CancellationToken.None));
    }

    [Fact]
    public Task Canceling() => AssertWaitsForTheFirstAsync(
        () => new CancelStore(_database).CancelAsync(new CancelIntent(_backward[0].SubscriptionId, DueAt), after: null, limit: 1_000, CancellationToken.None));

    [Fact]
    public async Task Ending_what_was_held()
    {
        // It would do the same.
        await _dispatcher.DisposeAsync();
        var breaker = new OpenBreaker(_backward[0].SubscriptionId, DateTimeOffset.UnixEpoch, "timed_out");
        await _world.Database.ExecuteAsync("UPDATE deliveries SET due_at = NULL, lane_due_at = created_at - interval '2 days'");
        await _world.Database.ExecuteAsync(
            "INSERT INTO subscription_health (subscription_id, state, opened_at, probe_at) VALUES ($1, 'open', 'epoch', now() + interval '1 hour')", breaker.SubscriptionId);

        await AssertWaitsForTheFirstAsync(
            () => new HoldStore(_database, new MinuteStore(_database)).ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 1_000, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        await _world.DisposeAsync();
    }

    private async Task AssertWaitsForTheFirstAsync(Func<Task> change)
    {
        await using var holding = await _world.Database.HoldAsync("SELECT FROM deliveries WHERE id = $1 FOR UPDATE", _backward[^1].Id);

        var changing = change();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1,
            World.Limit, "the change to wait for the first row");

        Assert.Equal(
            _backward.SkipLast(1).Select(delivery => delivery.Id).Order(),
            (await _world.Database.ColumnAsync<Guid>("SELECT id FROM deliveries FOR UPDATE SKIP LOCKED")).Order());
        await holding.DisposeAsync();
        await changing;
    }

    private static FinishedAttempt FailedTwice(Accepted delivery) => Finished.Attempt(
        Rows.Of(delivery) with { LastAttempt = 1, NextAttemptAt = DueAt, DueAt = DueAt },
        new NextStep.Retry(DueAt - delivery.CreatedAt, Brokered: true));
}
