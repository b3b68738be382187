using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>Neither the message's fault nor an outage: a dispatcher of another version than its database, for example.</summary>
public sealed class When_a_look_cannot_be_made : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_end_the_service_and_leave_the_messages_to_the_next()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var dispatcher = await _world.StartDispatcherAsync();
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();
        await _world.Database.ExecuteAsync("ALTER TABLE events RENAME COLUMN traceparent TO trace_parent");

        await _world.DeliverAsync(subscription, count: 3);

        await Eventually.TrueAsync(() => dispatcher.Ended.IsCancellationRequested, World.Limit, "the service to end");
        await dispatcher.DisposeAsync();
        await _world.Bus.WaitForCountAsync(BrokerNames.DeliveriesQueue(0), World.MessagesOf(3));
        Assert.Empty(await _world.ParkedAsync());

        await _world.Database.ExecuteAsync("ALTER TABLE events RENAME COLUMN trace_parent TO traceparent");
        await _world.StartDispatcherAsync();
        await _world.EndedAsync();
        Assert.Equal(4, receiver.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
