using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Outages;

public sealed class When_the_database_is_away : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_keep_its_place_and_what_is_in_hand_and_accept_all_afterwards()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var publisher = await _world.StartPublisherAsync(_world.PostgresAt(relay.Port));
        var gate = publisher.Services.GetRequiredService<DatabaseGate>();
        await PublishAsync(from: 0, count: 20);
        await _world.AnnouncementsAsync(20);
        await _world.SettledAsync();

        relay.Cut();
        await PublishAsync(from: 20, count: 20);
        await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the outage to be seen");
        await PublishAsync(from: 40, count: 20);
        await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(BrokerNames.PublisherQueue) == 40, Limit, "all events to be in hand");
        var connections = await _world.ConnectionsAsync();

        relay.Restore();
        await _world.SettledAsync();

        // The connections are the same, so nothing was handed over twice and no delivery counted.
        Assert.Equal(connections, await _world.ConnectionsAsync());
        Assert.Equal(Enumerable.Range(0, 60).Select(number => $"evt_{number}"), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal((await _world.DeliveriesAsync<Guid>("id")).Skip(20), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct());
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    [Fact]
    public async Task Should_give_all_back_when_that_lasts_and_take_it_again_when_the_database_answers()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        await _world.StartPublisherAsync(_world.PostgresAt(relay.Port));
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 1, Limit, "the publisher to consume");

        relay.Cut();
        await PublishAsync(from: 0, count: 20);
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 0, Limit, "the publisher to give its place up");
        await Eventually.TrueAsync(
            async () => (await _world.Bus.CountAsync(BrokerNames.PublisherQueue), await _world.UnacknowledgedAsync(BrokerNames.PublisherQueue)) is (20, 0),
            Limit, "the queue to have all of it again");
        await PublishAsync(from: 20, count: 20);
        relay.Restore();
        await _world.SettledAsync();

        Assert.Equal(Enumerable.Range(0, 40).Select(number => $"evt_{number}"), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    [Fact]
    public async Task Should_not_wait_for_ever_on_a_connection_that_has_fallen_silent()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var publisher = await _world.StartPublisherAsync(
            ("ConnectionStrings:Postgres", new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { Port = relay.Port, CommandTimeout = 5 }.ConnectionString));
        var gate = publisher.Services.GetRequiredService<DatabaseGate>();
        await PublishAsync(from: 0, count: 20);
        await _world.SettledAsync();

        relay.FallSilent();
        await PublishAsync(from: 20, count: 20);
        await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the outage to be seen");
        relay.Restore();
        await _world.SettledAsync();

        Assert.Equal(Enumerable.Range(0, 40).Select(number => $"evt_{number}"), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    // In their order, and without a wait for each: a publisher keeps its place for twenty seconds.
    private Task PublishAsync(int from, int count) =>
        Task.WhenAll(Enumerable.Range(from, count).Select(number => _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"))));
}
