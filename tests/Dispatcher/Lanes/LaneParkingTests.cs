using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Owed;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What our own code fails on keeps nothing else in its lane waiting, and can be put back.</summary>
public sealed class LaneParkingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    // Tried is its record, not the request: of that the receiver knows already.
    [Fact]
    public async Task A_delivery_that_our_own_code_fails_on_is_parked_after_twenty_tries_and_the_lane_goes_on()
    {
        await _world.RefuseRecordsAsync();
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(TestEvent.IdOf(request) == "evt_1" ? 418 : 200));
        using var counted = CountedMetric.Of(await _world.StartDispatcherAsync(), "webhooks.parked");
        var subscription = await _world.SubscribeAsync(World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 1 });
        var accepted = await _world.AcceptIntoLaneAsync(subscription, count: 3);

        await _world.HaveStatusAsync("delivered", 2);

        Assert.Equal((1, 20), (receiver.Requests.Count(request => TestEvent.IdOf(request) == "evt_1"), await _world.TriesToRecordAsync()));
        var parked = Assert.Single(await _world.ParkedAsync());
        Assert.Equal(("poison", BrokerNames.DeliveriesQueue(0), World.Tenant), (parked.Reason, parked.Queue, parked.TenantId));
        Assert.Equal([KeyValuePair.Create("poison", 1L)], counted.ByTag);
        Assert.Equal(accepted[0].Id, DeliveryMessage.Read(parked.Body)!.DeliveryId);
        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending' AND lane_due_at IS NULL"));

        // Nobody misses its message for hours: it waits to be mended.
        var soon = TimeProvider.System.GetUtcNow().AddHours(12);
        Assert.Empty(await new OwedStore(_world.Database).FindAwaitedAsync(soon, TimeSpan.FromMinutes(1), limit: 10, CancellationToken.None));
        var swept = await new FirstAttemptSweep(_world.Database).LookAsync(new DeliveryKey(DateTimeOffset.UnixEpoch, Guid.Empty), soon, limit: 10, CancellationToken.None);
        Assert.Empty(swept.Owed);

        // Mended, it is republished, and goes through its lane again.
        receiver.AnswerWith = _ => Answer.Ok;
        await _world.Bus.PublishAsync("", parked.Queue!, parked.Text);

        await _world.EndedAsync();
        Assert.Equal(4, receiver.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
