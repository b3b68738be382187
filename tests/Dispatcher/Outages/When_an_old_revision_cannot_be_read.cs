using Microsoft.Extensions.DependencyInjection;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Tests.Lanes.Ordering;
using Webhooks.Subscriptions;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>It is read before a delivery is sent, and the database may keep that waiting.</summary>
public sealed class When_an_old_revision_cannot_be_read : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private TcpRelay _relay = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
    }

    [Fact]
    public async Task Should_wait_for_the_database_and_count_no_fault_of_the_delivery()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var accepted = await _world.AcceptAsync(subscription);
        var changed = await ChangeAsync(subscription);
        var dispatcher = await _world.StartDispatcherAsync(("ConnectionStrings:Postgres", $"{_world.Postgres.ConnectionString};Options=-c lock_timeout=100ms"));
        await _world.DeliverAsync(changed);
        await _world.HaveAttemptsAsync(1);

        await using (await LockAsync())
        {
            await _world.AnnounceAsync(accepted);

            var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
            await Eventually.TrueAsync(() => gate.IsRefusing, World.Limit, "the outage to be seen");
        }

        await _world.EndedAsync();
        Assert.Equal(2, _receiver.Count);
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await _world.ParkedAsync());
    }

    [Fact]
    public async Task Should_keep_no_other_delivery_waiting_when_it_names_what_this_version_does_not_know()
    {
        const string Rename = "UPDATE subscription_revisions SET profile = $2 WHERE subscription_id = $1 AND revision = 1";
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var changed = await ChangeAsync(subscription);
        await _world.StartDispatcherAsync();
        await _world.Database.ExecuteAsync(Rename, subscription.Id, "of_tomorrow");

        // In one message, so that they are looked at together.
        await _world.AnnounceAsync([.. await _world.AcceptAsync(subscription), .. await _world.AcceptAsync(changed)]);
        await _world.HaveAttemptsAsync(1);
        Assert.Equal(["pending", "delivered"], await _world.DeliveriesAsync<string>("status"));

        await _world.Database.ExecuteAsync(Rename, subscription.Id, subscription.Settings.Profile.Name);
        await _world.EndedAsync();
        Assert.Equal(2, _receiver.Count);
    }

    [Fact]
    public async Task Should_send_nothing_to_a_subscription_that_was_disabled_meanwhile()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var changed = await ChangeAsync(subscription);
        await StartBehindRelayAsync();

        await using (await LockAsync())
        {
            await _world.DeliverAsync(subscription);
            await ReadsAsync();
            _relay.Cut();
        }

        await _world.ChangeAsync(changed, current => current with { State = SubscriptionState.Disabled });
        _relay.Restore();

        await _world.EndedAsync();
        Assert.Equal(["canceled"], await _world.DeliveriesAsync<string>("status"));
        Assert.Empty(_receiver.Requests);
    }

    [Fact]
    public async Task Should_send_nothing_of_a_lane_that_another_one_has_served_meanwhile()
    {
        var subscription = await _world.SubscribeInOrderAsync(_receiver.Url);
        await ChangeAsync(subscription);
        var holder = await StartBehindRelayAsync();
        await _world.HeldAsync(subscription);

        await using (await LockAsync())
        {
            await _world.AcceptInLaneAsync(subscription, ["key", "key"]);
            await ReadsAsync();
            _relay.Cut();
        }

        await _world.StartDispatcherAsync();
        await _world.EndedAsync();
        _relay.Restore();

        var inFlight = holder.Services.GetRequiredService<InFlight>();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM dispatchers") == 2 && inFlight.Count == 0,
            World.Limit, "the former holder to be back, with nothing in hand");
        Assert.Equal([1, 2], _receiver.Requests.Select(Ordered.NumberOf));
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _relay.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    private Task<Subscription> ChangeAsync(Subscription subscription) =>
        _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { Description = "another" } });

    private Task<ServiceHost> StartBehindRelayAsync() => _world.StartDispatcherAsync(_world.PostgresAt(_relay.Port));

    /// <summary>Nobody reads a revision until it is disposed.</summary>
    private Task<IAsyncDisposable> LockAsync() => _world.Database.HoldAsync("LOCK TABLE subscription_revisions IN ACCESS EXCLUSIVE MODE");

    private Task ReadsAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<long>("""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM subscription_revisions%'
            """) > 0,
        World.Limit, "somebody who waits for an old revision");
}
