using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What waits in a lane has no message: it is never taken for one that the broker has lost.</summary>
public sealed class LaneOwedTests : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Neither_first_attempts_nor_retries_of_a_lane_are_owed()
    {
        var subscription = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "*"));
        await _world.AcceptIntoLaneAsync(subscription, count: 10);
        var retries = await _world.AcceptIntoLaneAsync(subscription, count: 10);
        await _world.Database.ExecuteAsync(
            "UPDATE deliveries SET last_attempt = 1, next_attempt_at = created_at, owed_times = 1 WHERE created_at = ANY($1)",
            retries.Select(delivery => delivery.CreatedAt.UtcDateTime).ToArray());
        var ordinary = await _world.AcceptAsync(subscription, count: 2);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = created_at WHERE id = $1", ordinary[1].Id);
        var (store, tomorrow) = (new OwedStore(_world.Database), TimeProvider.System.GetUtcNow().AddDays(1));

        var awaited = await store.FindAwaitedAsync(tomorrow, Grace, limit: 100, CancellationToken.None);
        var swept = await new FirstAttemptSweep(_world.Database).LookAsync(new DeliveryKey(DateTimeOffset.UnixEpoch, Guid.Empty), tomorrow, limit: 100, CancellationToken.None);

        Assert.Equal([ordinary[1].Id], awaited.Select(delivery => delivery.Id));
        Assert.Equal([ordinary[0].Id], swept.Owed.Select(delivery => delivery.Id));
        Assert.Equal(0, await store.CountUnderWayAsync(DateTimeOffset.UnixEpoch, most: 100, CancellationToken.None));
        Assert.Equal(0, await store.HandToPollerAsync([.. retries.Select(delivery => new OwedDelivery(delivery.Id, delivery.CreatedAt, LastAttempt: 1))], CancellationToken.None));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
