using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

/// <summary>Every dispatcher consumes all shards, and their number may grow while it runs.</summary>
public sealed class ShardTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_shard_that_is_added_is_served_and_its_retries_come_back_to_it()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(500, 200));
        var subscription = await _world.SubscribeAsync(receiver.Url, new() { InitialDelaySeconds = 0.2 });
        await _world.StartDispatcherAsync();
        await _world.Database.ExecuteAsync("UPDATE settings SET value = 3 WHERE name = 'shards'");
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 1, shards: 3), World.Limit, "the new shards to be consumed");
        var delivery = Assert.Single(await _world.AcceptAsync(subscription));

        await _world.Bus.PublishAsync(
            BrokerNames.DeliveriesExchange, "2", new DeliveryMessage(delivery.Id, delivery.CreatedAt, 1, delivery.CreatedAt, Traceparent: null).ToBytes());

        await _world.EndedAsync();
        Assert.Equal([1, 2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        await Eventually.TrueAsync(() => _world.IsEmptyAsync(BrokerNames.DeliveriesQueue(2)), World.Limit, "the new shard's queue to be empty");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
