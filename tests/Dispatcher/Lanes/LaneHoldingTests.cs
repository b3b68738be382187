using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Lanes;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>Who holds a lane, when a statement that somebody has given up is carried out nevertheless, and what a holder leaves behind.</summary>
public sealed class LaneHoldingTests : IAsyncLifetime
{
    private World _world = null!;
    private ServiceHost _dispatcher = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _dispatcher = await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM dispatchers") == 1, World.Limit, "a dispatcher that can hold lanes");
    }

    [Fact]
    public async Task A_lane_that_was_taken_when_nobody_waited_for_it_any_more_is_served()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);

        await _world.Database.ExecuteAsync(
            "INSERT INTO lanes (subscription_id, reason, holder, fence) SELECT $1, 'fair_share', id, 1 FROM dispatchers", subscription.Id);
        await _world.AcceptIntoLaneAsync(subscription, count: 10);

        await _world.EndedAsync();
        Assert.Equal(10, receiver.Count);
    }

    [Fact]
    public async Task A_lane_that_somebody_has_locked_keeps_no_other_one_from_being_taken()
    {
        await _dispatcher.DisposeAsync();
        var locked = await SubscribePausedAsync();
        await using (await _world.Database.HoldAsync("SELECT FROM lanes FOR UPDATE"))
        {
            await _world.StartDispatcherAsync();

            await _world.HeldAsync(await SubscribePausedAsync());
        }

        await _world.HeldAsync(locked);
    }

    [Fact]
    public async Task What_a_holder_frees_late_is_not_what_it_holds_since()
    {
        var (subscription, former) = await PausedAsync();
        var closing = new LaneClosingStore(_world.Database, NullLogger<LaneClosingStore>.Instance);
        Assert.True(await closing.CloseAsync(former, subscription.ConfigVersion, CancellationToken.None));
        Assert.Single((await new LaneOpeningStore(_world.Database).OpenAsync([new WantedLane(subscription.Id, LaneReason.FairShare)], CancellationToken.None)).Opened);
        var held = await _world.HeldAsync(subscription);

        await new LaneStore(_world.Database).FreeAsync(former, TimeSpan.Zero, CancellationToken.None);

        Assert.Equal(held, (await HolderAsync(), await FenceAsync()));
    }

    [Fact]
    public async Task What_a_former_holder_frees_is_not_what_another_one_holds()
    {
        var (_, lane) = await PausedAsync();

        await new LaneStore(_world.Database).FreeAsync(lane with { LeaseId = lane.LeaseId + 1 }, TimeSpan.Zero, CancellationToken.None);

        Assert.Equal((lane.LeaseId, lane.Fence), (await HolderAsync(), await FenceAsync()));
    }

    [Fact]
    public async Task Who_knows_nothing_of_the_pace_leaves_no_word_of_it()
    {
        var (_, lane) = await PausedAsync();
        await _world.Database.ExecuteAsync("""
            CREATE TABLE words (next_send_at timestamptz);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO words VALUES (NEW.next_send_at); RETURN NEW; END $$;
            CREATE TRIGGER note AFTER UPDATE ON lanes FOR EACH ROW WHEN (NEW.holder IS NULL) EXECUTE FUNCTION note();
            """);
        var serving = new LaneServing(lane with { SendsAfter = null }, _dispatcher.Services.GetRequiredService<LaneTools>(), NullLogger.Instance);

        serving.HandOver();
        await serving.RunAsync(CancellationToken.None);

        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM words"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(next_send_at) FROM words"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<long> HolderAsync() => _world.Database.ScalarAsync<long>("SELECT coalesce(holder, 0) FROM lanes");

    private Task<long> FenceAsync() => _world.Database.ScalarAsync<long>("SELECT fence FROM lanes");

    private Task<Subscription> SubscribePausedAsync() =>
        _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*"));

    /// <summary>A lane that the dispatcher holds, and of which it sends nothing.</summary>
    private async Task<(Subscription Subscription, HeldLane Lane)> PausedAsync()
    {
        var subscription = await SubscribePausedAsync();
        var (holder, fence) = await _world.HeldAsync(subscription);
        return (subscription, new HeldLane(subscription.Id, holder, fence, SendsAfter: null));
    }
}
