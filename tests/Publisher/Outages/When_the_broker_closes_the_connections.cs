using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

public sealed class When_the_broker_closes_the_connections : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_accept_every_event_once_and_announce_it()
    {
        await _world.StartPublisherAsync();
        var published = Enumerable.Range(0, 500).Select(number => $"evt_{number}").ToList();
        await Task.WhenAll(published.Select(id => _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", id))));

        await _world.CloseConnectionsAsync();
        await _world.SettledAsync();
        await _world.CloseConnectionsAsync();
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_500"));
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries") == 501, World.Limit, "the last event to be accepted");
        await _world.SettledAsync();

        Assert.Equal([.. published, "evt_500"], await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal((await _world.DeliveriesAsync<Guid>("id")).Order(), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct().Order());
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
