using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes.Leases;

public sealed class LeaseKeeperTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_lane_that_somebody_has_locked_ends_nobodys_lease_but_its_holders()
    {
        var subscription = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*"));
        var dead = await _world.Database.ScalarAsync<long>("INSERT INTO dispatchers (alive_until) VALUES (clock_timestamp() - interval '1 second') RETURNING id");
        await _world.Database.ExecuteAsync("UPDATE lanes SET holder = $1, fence = 1", dead);
        await using var close = await _world.Database.HoldAsync("SELECT 1 FROM lanes FOR UPDATE");

        var lease = new Lease(TimeProvider.System);
        var contact = new Contact();
        await using var keeper = new LeaseKeeper(_world.Database, lease, contact, TimeProvider.System, NullLogger<LeaseKeeper>.Instance);
        await using var watch = new LeaseWatch(_world.Database, contact);
        await Eventually.TrueAsync(
            async () =>
            {
                await keeper.RenewAsync(CancellationToken.None);
                return contact.JudgesUntil is not null;
            },
            World.Limit, "contact for a term");
        var seen = await watch.LookAroundAsync(lease.Id, CancellationToken.None).WaitAsync(World.Limit);

        Assert.Equal([dead, lease.Id], await _world.Database.ColumnAsync<long>("SELECT id FROM dispatchers ORDER BY id"));
        // Nobody waits for it to take anything.
        Assert.Equal([lease.Id], seen.Dispatchers);
        Assert.Empty(seen.Unheld);
        Assert.NotEqual(0, lease.Id);

        await close.DisposeAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await keeper.RenewAsync(CancellationToken.None);
                seen = await watch.LookAroundAsync(lease.Id, CancellationToken.None);
                return await _world.Database.ScalarAsync<long>("SELECT count(*) FROM dispatchers") == 1;
            },
            World.Limit, "the dead one's lease to be ended");
        Assert.Equal([subscription.Id], seen.Unheld);
    }

    [Fact]
    public async Task It_takes_lanes_for_a_term_after_each_look_around_until_it_stops()
    {
        var clock = new StoppedClock();
        await using var keeper = new LeaseKeeper(_world.Database, new Lease(clock), new Contact(), clock, NullLogger<LeaseKeeper>.Instance);

        Assert.False(await TakesLanesAsync());
        keeper.TakeLanes();
        Assert.True(await TakesLanesAsync());
        clock.Advance(Lease.Term);
        Assert.False(await TakesLanesAsync());
        keeper.TakeLanes();
        Assert.True(await TakesLanesAsync());
        keeper.TakeNoMoreLanes();
        Assert.False(await TakesLanesAsync());

        async Task<bool> TakesLanesAsync()
        {
            await keeper.RenewAsync(CancellationToken.None);
            return await _world.Database.ScalarAsync<bool>("SELECT takes_lanes FROM dispatchers");
        }
    }

    [Fact]
    public async Task It_sees_those_that_take_lanes_and_itself()
    {
        await _world.Database.ExecuteAsync(
            "INSERT INTO dispatchers (alive_until, takes_lanes) VALUES ('infinity', true), ('infinity', false), ('-infinity', true), ('-infinity', false)");
        await using var watch = new LeaseWatch(_world.Database, new Contact());

        Assert.Equal([1, 4], (await watch.LookAroundAsync(own: 4, CancellationToken.None)).Dispatchers.Order());
        Assert.Equal([1], (await watch.LookAroundAsync(own: 5, CancellationToken.None)).Dispatchers);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
