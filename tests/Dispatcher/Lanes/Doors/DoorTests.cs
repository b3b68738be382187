using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Lanes;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Doors;

/// <summary>Opening and closing as statements, on lanes that a dispatcher holds and does not serve, because they are paused.</summary>
public sealed class DoorTests : IAsyncLifetime
{
    private World _world = null!;
    private ServiceHost _dispatcher = null!;
    private LaneOpeningStore _opening = null!;
    private LaneClosingStore _closing = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _dispatcher = await _world.StartDispatcherAsync();
        _opening = new LaneOpeningStore(_world.Database);
        _closing = new LaneClosingStore(_world.Database, NullLogger<LaneClosingStore>.Instance);
    }

    [Fact]
    public async Task What_is_due_at_the_closing_gets_a_time_that_nobody_can_have_announced()
    {
        var (subscription, lane) = await PausedAsync();
        var accepted = (await _world.AcceptIntoLaneAsync(subscription))[0];
        // Seen by the due-poller before it came into the lane, and about to be cleared as announced.
        var announced = new DueDelivery(accepted.Id, accepted.CreatedAt, subscription.Id, LastAttempt: 0, accepted.CreatedAt);

        Assert.True(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));
        await new DueStore(_world.Database).ClearAsync([announced], accepted.CreatedAt, CancellationToken.None);

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE last_attempt > 0") == 1, World.Limit, "its attempt, by a message");
        Assert.Equal(0, await _world.LanesAsync());
    }

    [Fact]
    public async Task A_former_holder_closes_nothing()
    {
        var (subscription, lane) = await PausedAsync();

        Assert.False(await _closing.CloseAsync(lane with { Fence = lane.Fence - 1 }, subscription.ConfigVersion, CancellationToken.None));
        Assert.False(await _closing.CloseAsync(lane with { LeaseId = lane.LeaseId + 1 }, subscription.ConfigVersion, CancellationToken.None));

        Assert.Equal(1, await _world.LanesAsync());
    }

    [Fact]
    public async Task A_closing_that_was_decided_before_a_change_comes_to_nothing()
    {
        var (subscription, lane) = await PausedAsync();
        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { RateLimit = 1 } });

        Assert.False(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));

        Assert.Equal(1, await _world.LanesAsync());
    }

    [Fact]
    public async Task A_lane_with_more_than_a_few_that_are_due_stays_open()
    {
        var (subscription, lane) = await PausedAsync();
        await _world.AcceptIntoLaneAsync(subscription, count: 600);

        Assert.False(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));

        Assert.Equal(600, await InLaneAsync());
    }

    [Fact]
    public async Task Many_that_are_due_later_are_turned_out_some_at_a_time_with_their_times()
    {
        var (subscription, lane) = await PausedAsync();
        await _world.AcceptIntoLaneAsync(subscription, count: 1_200);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET lane_due_at = lane_due_at + interval '1 hour', next_attempt_at = lane_due_at + interval '1 hour'");

        Assert.False(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));
        Assert.InRange(await InLaneAsync(), 1, 1_199);
        Assert.False(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));
        Assert.True(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));

        Assert.Equal(0, await InLaneAsync());
        Assert.Equal(1_200, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at = next_attempt_at"));
        Assert.Equal(0, await _world.LanesAsync());
    }

    [Fact]
    public async Task A_closing_waits_a_moment_for_others_and_then_lets_them_go()
    {
        var (subscription, lane) = await PausedAsync();
        await using var change = await _world.Database.HoldAsync("UPDATE settings SET value = value WHERE name = 'config_version'");

        Assert.False(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));
        await change.DisposeAsync();

        Assert.True(await _closing.CloseAsync(lane, subscription.ConfigVersion, CancellationToken.None));
        Assert.Equal(0, await _world.LanesAsync());
    }

    [Fact]
    public async Task A_dispatcher_opens_a_lane_once_and_every_cache_learns_of_it()
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");

        var wanted = new WantedLane(subscription.Id, LaneReason.FairShare);
        await AssertAsync(opened: [subscription.Id], busy: [], wanted, wanted, wanted with { SubscriptionId = Guid.NewGuid() });
        await AssertAsync(opened: [], busy: [], wanted with { Reason = LaneReason.Breaker });
        await AssertAsync(opened: [], busy: [], wanted with { SubscriptionId = Guid.NewGuid() });

        var cache = _dispatcher.Services.GetRequiredService<SubscriptionCache>();
        await Eventually.TrueAsync(() => cache.Current.ById.TryGetValue(subscription.Id, out var known) && known.HasLane, World.Limit, "a cache that knows");
        Assert.Equal("fair_share", await _world.Database.ScalarAsync<string>("SELECT reason FROM lanes"));
    }

    // A change of a subscription holds its row while it waits for the broker, an operator for as long as he likes.
    [Fact]
    public async Task Lanes_are_opened_beside_one_whose_subscription_is_held_and_that_one_when_it_is_free()
    {
        var (held, other) = (await _world.SubscribeAsync("https://receiver.example/"), await _world.SubscribeAsync("https://receiver.example/"));
        var openings = _dispatcher.Services.GetRequiredService<LaneOpenings>();
        await using var change = await HoldAsync(held);

        var opening = openings.Begin(held.Id, LaneReason.Breaker);
        await openings.Begin(other.Id, LaneReason.Breaker).Ended.WaitAsync(World.Limit);

        await AssertAsync(opened: [], busy: [held.Id], new WantedLane(held.Id, LaneReason.Breaker), new WantedLane(other.Id, LaneReason.Breaker));
        Assert.Same(opening, openings.Begin(held.Id, LaneReason.FairShare));
        Assert.False(opening.Ended.IsCompleted);
        await change.DisposeAsync();
        await opening.Ended.WaitAsync(World.Limit);
        Assert.Null(openings.Find(held.Id));
        Assert.Equal(2, await _world.LanesAsync());
    }

    [Fact]
    public async Task The_leader_keeps_no_other_waiting_for_one_whose_subscription_is_held()
    {
        var (held, other, later) = (
            await _world.SubscribeAsync("https://receiver.example/"), await _world.SubscribeAsync("https://receiver.example/"), await _world.SubscribeAsync("https://receiver.example/"));
        await using var change = await HoldAsync(held);

        await NeedLaneAsync(held);
        await NeedLaneAsync(other);
        await _world.HeldAsync(other);
        // By now it has found the one that is held.
        await NeedLaneAsync(later);
        await _world.HeldAsync(later);

        Assert.Equal(2, await _world.LanesAsync());
        await change.DisposeAsync();
        await _world.HeldAsync(held);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<IAsyncDisposable> HoldAsync(Subscription subscription) =>
        _world.Database.HoldAsync("SELECT 1 FROM subscriptions WHERE id = $1 FOR NO KEY UPDATE", subscription.Id);

    private Task NeedLaneAsync(Subscription subscription) => _world.Database.ExecuteAsync(
        "INSERT INTO subscription_health (subscription_id, throttled_until) VALUES ($1, now() + interval '1 hour')", subscription.Id);

    private async Task AssertAsync(Guid[] opened, Guid[] busy, params WantedLane[] wanted)
    {
        var answer = await _opening.OpenAsync(wanted, CancellationToken.None);
        Assert.Equal(opened, answer.Opened);
        Assert.Equal(busy, answer.Busy);
    }

    private Task<long> InLaneAsync() => _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE lane_due_at IS NOT NULL");

    private async Task<(Subscription Subscription, HeldLane Lane)> PausedAsync()
    {
        var subscription = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*"));
        var (holder, fence) = await _world.HeldAsync(subscription);
        return (subscription, new HeldLane(subscription.Id, holder, fence, SendsAfter: null));
    }
}
