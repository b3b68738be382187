using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>No delivery's fault: a column is missing, or the right to write.</summary>
public sealed class When_a_record_cannot_be_made : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_end_the_service_and_leave_the_messages_to_the_next()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await _world.StartDispatcherAsync();
        await _world.Database.ExecuteAsync("ALTER TABLE attempts RENAME COLUMN outcome TO result");

        await _world.DeliverAsync(subscription, count: 3);

        await Eventually.TrueAsync(() => dispatcher.Ended.IsCancellationRequested, World.Limit, "the service to end");
        await dispatcher.DisposeAsync();
        await _world.Bus.WaitForCountAsync(BrokerNames.DeliveriesQueue(0), World.MessagesOf(3));
        Assert.InRange(receiver.Count, 1, 3);
        Assert.Empty(await _world.ParkedAsync());

        await _world.Database.ExecuteAsync("ALTER TABLE attempts RENAME COLUMN result TO outcome");
        await _world.StartDispatcherAsync();
        await _world.EndedAsync();
        Assert.Equal(3, (await _world.AttemptsAsync()).Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
