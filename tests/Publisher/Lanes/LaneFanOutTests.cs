using Microsoft.Extensions.DependencyInjection;
using Webhooks.Database.Auditing;
using Webhooks.Publisher.FanOut;
using Webhooks.Publisher.Tests.Notices;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Lanes;

/// <summary>What a publisher leaves for subscriptions that are served from their rows.</summary>
public sealed class LaneFanOutTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_delivery_of_a_lane_is_a_row_in_it_and_no_message()
    {
        var ordinary = await _world.SubscribeAsync("a.b");
        var paused = await SubscribeAsync(SubscriptionState.Paused, settings => settings);
        var limited = await SubscribeAsync(SubscriptionState.Active, settings => settings with { RateLimit = 10 });
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));

        await _world.SettledAsync();
        Assert.Equal(
            new[] { $"{ordinary.Id} f f", $"{paused.Id} t f", $"{limited.Id} t f" }.SelectMany(row => new[] { row, row }).Order(),
            (await _world.DeliveriesAsync<string>("concat_ws(' ', subscription_id, lane_due_at IS NOT DISTINCT FROM created_at, due_at IS NOT NULL)")).Order());
        var announced = await _world.AnnouncedAsync();
        Assert.Equal(await _world.Database.ColumnAsync<Guid>("SELECT id FROM deliveries WHERE lane_due_at IS NULL ORDER BY seq"), announced.Select(message => message.DeliveryId));
    }

    [Fact]
    public async Task A_lane_that_opens_takes_the_next_event_and_one_that_closes_takes_none_any_more()
    {
        var subscription = await _world.SubscribeAsync("a.b");
        await _world.StartPublisherAsync();

        await ChangeAsync(subscription, current => current with { State = SubscriptionState.Paused });
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_1"));
        await _world.SettledAsync();
        // Not told to any cache, as for one that was read a moment before.
        await _world.Database.ExecuteAsync("DELETE FROM lanes");
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_2"));
        await _world.SettledAsync();

        Assert.Equal(["evt_1 t", "evt_2 f"], await _world.DeliveriesAsync<string>("concat_ws(' ', event_id, lane_due_at IS NOT NULL)"));
        Assert.Single(await _world.AnnouncedAsync());
    }

    [Fact]
    public async Task Whoever_closes_a_lane_waits_for_what_is_being_put_into_it()
    {
        var subscription = await SubscribeAsync(SubscriptionState.Paused, settings => settings);
        var publisher = await _world.StartPublisherAsync();
        var config = await publisher.Services.GetRequiredService<SubscriptionCache>().FreshAsync(CancellationToken.None);
        await using var connection = await _world.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var plan = FanOutPlan.Of([Event("evt_1")], new HashSet<EventKey>(), config.Index, most: 1, CancellationToken.None);
        await publisher.Services.GetRequiredService<FanOutStore>().AcceptAsync(connection, plan, config.Version, dueAtOnce: false, CancellationToken.None);

        var closing = _world.Database.ExecuteAsync("DELETE FROM lanes WHERE subscription_id = $1 AND NOT EXISTS (SELECT FROM deliveries WHERE lane_due_at IS NOT NULL)", subscription.Id);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM lanes%'") == 1,
            World.Limit, "the closing to wait");
        Assert.False(closing.IsCompleted);

        await transaction.CommitAsync();
        await closing;
        Assert.Equal(["evt_1"], await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task An_event_that_is_handed_over_again_is_not_announced_where_a_lane_has_it()
    {
        await SubscribeAsync(SubscriptionState.Paused, settings => settings);
        var ordinary = await _world.SubscribeAsync("a.b");
        var publisher = await _world.StartPublisherAsync();
        var store = publisher.Services.GetRequiredService<FanOutStore>();
        await store.AcceptAsync([Event("evt_1")], CancellationToken.None);

        var unattempted = await store.FindUnattemptedAsync([Event("evt_1")], CancellationToken.None);

        Assert.Equal([ordinary.Id], unattempted.Select(delivery => delivery.SubscriptionId));
    }

    [Fact]
    public async Task News_of_failures_go_into_the_lane_too()
    {
        var paused = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, "webhook.delivery_exhausted");
        await _world.SubscribeAsync("webhook.delivery_exhausted");
        var told = await Told.ListenAsync(_world);
        await _world.StartPublisherAsync();

        await told.LeaveAsync(Told.Exhausted(1));
        await told.SettledAsync();

        Assert.Equal([paused.Id], await _world.Database.ColumnAsync<Guid>("SELECT subscription_id FROM deliveries WHERE lane_due_at = created_at AND due_at IS NULL"));
        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE lane_due_at IS NULL AND due_at = created_at"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<Subscription> SubscribeAsync(SubscriptionState state, Func<SubscriptionSettings, SubscriptionSettings> with) =>
        _world.SubscribeAsync(World.Tenant, state, with(World.SettingsFor("https://receiver.example/hook", "a.b")));

    private async Task ChangeAsync(Subscription subscription, Func<Subscription, Subscription> change)
    {
        await using var started = await _world.Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None);
        await started!.SaveAsync(change(started.Current), Actor.System, CancellationToken.None);
    }

    private static AcceptedEvent Event(string id) => new()
    {
        Id = id,
        Type = "a.b",
        TenantId = World.Tenant,
        Timestamp = "2024-01-20T10:30:00Z",
        Version = "1.0",
        Data = "{}"u8.ToArray(),
    };
}
