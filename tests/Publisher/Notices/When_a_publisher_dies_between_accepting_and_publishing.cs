using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Notices;

public sealed class When_a_publisher_dies_between_accepting_and_publishing : IAsyncLifetime
{
    private World _world = null!;
    private Told _told = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("webhook.*");
        _told = await Told.ListenAsync(_world);
    }

    [Fact]
    public async Task Should_be_one_event_and_be_published_by_the_next_one()
    {
        const string Broker = "ConnectionStrings:RabbitMq";
        var broker = new Uri(_world.Settings().Single(setting => setting.Key == Broker).Value);
        await using (var relay = new TcpRelay(broker.Host, broker.Port))
        {
            var away = new UriBuilder(broker) { Host = "127.0.0.1", Port = relay.Port }.Uri.AbsoluteUri;
            await using var dying = await ServiceChild.StartAsync(
                "Publisher",
                [.. _world.Settings().Where(setting => setting.Key != Broker), KeyValuePair.Create(Broker, away)]);
            relay.Cut();

            // Also without a broker, and also those that come when the first ones wait for it.
            foreach (var number in Enumerable.Range(1, 3))
            {
                await _told.LeaveAsync(Told.Exhausted(number));
                await Eventually.TrueAsync(
                    async () => (await _world.DeliveriesAsync<string>("event_id")).Count == number, Told.Limit, "the event to be accepted");
            }

            await dying.KillAsync();
        }

        Assert.Equal(3, await _told.CountAsync());
        await _world.StartPublisherAsync();

        Assert.Equal(Told.Ids(1, 3), await _told.AllAsync());
        Assert.Equal(Told.Ids(1, 3), await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
