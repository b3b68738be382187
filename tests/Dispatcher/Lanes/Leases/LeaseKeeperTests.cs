using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
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
        await using var closing = await _world.Database.OpenConnectionAsync();
        await using var close = await closing.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("SELECT 1 FROM lanes FOR UPDATE", closing))
        {
            await hold.ExecuteNonQueryAsync();
        }

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

        Assert.Equal([dead, lease.Id], seen.Dispatchers.Order());
        Assert.Empty(seen.Unheld);
        Assert.NotEqual(0, lease.Id);

        await close.RollbackAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await keeper.RenewAsync(CancellationToken.None);
                seen = await watch.LookAroundAsync(lease.Id, CancellationToken.None);
                return seen.Dispatchers.SequenceEqual([lease.Id]);
            },
            World.Limit, "the dead one's lease to be ended");
        Assert.Equal([subscription.Id], seen.Unheld);
    }

    [Fact]
    public async Task Others_choose_it_while_it_looks_around_and_does_not_stop()
    {
        var clock = new StoppedClock();
        var lease = new Lease(clock);
        await using var keeper = new LeaseKeeper(_world.Database, lease, new Contact(), clock, NullLogger<LeaseKeeper>.Instance);
        await using var watch = new LeaseWatch(_world.Database, new Contact());

        Assert.Empty(await SeenAsync(own: 0));
        keeper.TakeLanes();
        Assert.Equal([lease.Id], await SeenAsync(own: 0));
        clock.Advance(Lease.Term);
        Assert.Empty(await SeenAsync(own: 0));
        keeper.TakeLanes();
        Assert.Equal([lease.Id], await SeenAsync(own: 0));
        keeper.TakeNoMoreLanes();
        Assert.Empty(await SeenAsync(own: 0));
        Assert.Equal([lease.Id], await SeenAsync(lease.Id));

        async Task<IReadOnlyList<long>> SeenAsync(long own)
        {
            await keeper.RenewAsync(CancellationToken.None);
            return (await watch.LookAroundAsync(own, CancellationToken.None)).Dispatchers;
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
