using Microsoft.Extensions.DependencyInjection;
using Webhooks.Database.Auditing;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Lanes;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>A message's delivery is to go into a lane, waits for that, and meanwhile much may have happened to it: it is looked at anew.</summary>
public sealed class When_a_lane_is_closed_before_a_delivery_enters_it : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private ServiceHost _dispatcher = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _dispatcher = await _world.StartDispatcherAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url);
    }

    [Fact]
    public async Task Should_send_nothing_to_a_subscription_that_is_disabled_by_then()
    {
        await using var closing = await BeginClosingAsync();
        await _world.DeliverAsync(_subscription);
        await IsWaitingAsync();
        await _world.ChangeAsync(_subscription, Disabled);
        await closing.StampAndCommitAsync([_subscription.Id], CancellationToken.None);

        await _world.EndedAsync();
        Assert.Equal(["canceled"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(0, _receiver.Count);
    }

    [Fact]
    public async Task Should_send_it_to_one_that_takes_it()
    {
        await using var closing = await BeginClosingAsync();
        await _world.DeliverAsync(_subscription);
        await IsWaitingAsync();
        await closing.StampAndCommitAsync([_subscription.Id], CancellationToken.None);

        await _world.EndedAsync();
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task Should_send_nothing_when_it_has_waited_for_the_opening()
    {
        await _world.Database.ExecuteAsync("""
            CREATE FUNCTION close() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM lanes; RETURN NULL; END $$;
            CREATE TRIGGER close AFTER INSERT ON lanes FOR EACH ROW EXECUTE FUNCTION close();
            """);
        var other = await _world.SubscribeAsync(_receiver.Url);
        await using (var change = await _world.Subscriptions.BeginChangeAsync(_subscription.Id, tenantId: null, CancellationToken.None))
        {
            // Whoever changes the subscription keeps its lane from being opened.
            _dispatcher.Services.GetRequiredService<HealthLanes>().Open([new ChangedHealth(
                new HealthGroup(_subscription.Id, World.Tenant, []), EndpointHealth.Unknown, new EndpointHealth { State = HealthState.Open })]);
            await _world.DeliverAsync(_subscription);
            // Looked at after it.
            await _world.DeliverAsync(other);
            await _receiver.WaitForAsync(1);
            await change!.SaveAsync(Disabled(change.Current), Actor.System, CancellationToken.None);
        }

        await _world.EndedAsync();
        Assert.Equal(["canceled", "delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(1, _receiver.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private static Subscription Disabled(Subscription current) => current with { State = SubscriptionState.Disabled };

    /// <summary>Of a lane that no setting needs: whoever would enter it waits until the closing is committed.</summary>
    private async Task<DoorTransaction> BeginClosingAsync()
    {
        Assert.Single((await new LaneOpeningStore(_world.Database).OpenAsync([new WantedLane(_subscription.Id, LaneReason.FairShare)], CancellationToken.None)).Opened);
        await _world.HeldAsync(_subscription);
        var closing = await DoorTransaction.BeginAsync(_world.Database, "SELECT 1", CancellationToken.None);
        await closing.AskAsync("DELETE FROM lanes", CancellationToken.None);
        return closing;
    }

    private Task IsWaitingAsync() => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM lanes%FOR KEY SHARE%'") > 0,
        World.Limit, "the delivery to wait for the lane");
}
