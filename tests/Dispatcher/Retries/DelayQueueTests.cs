using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Retries;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retries;

/// <summary>A delay queue carries retries once it has confirmed a message; until then, and if it never does, the rows announce them in time.</summary>
public sealed class DelayQueueTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_queue_is_left_alone_until_the_broker_must_have_written_its_name()
    {
        var lone = (await _world.StartDispatcherAsync()).Services.GetRequiredService<LonePublisher>();
        var clock = new StoppedClock();
        var queue = new DelayQueue(TimeSpan.FromHours(1), clock, NullLogger.Instance);
        var first = new OutgoingMessage(BrokerNames.Delay(3_600_000), "0", "{}"u8.ToArray());

        await queue.AdvanceAsync(lone, first);
        clock.Advance(DelayQueue.Youth - TimeSpan.FromMilliseconds(1));
        await queue.AdvanceAsync(lone, first);
        Assert.False(queue.IsProven);
        Assert.Equal(0, await _world.Bus.CountAsync(first.Exchange));

        clock.Advance(TimeSpan.FromMilliseconds(1));
        await queue.AdvanceAsync(lone, first);
        Assert.True(queue.IsProven);
        Assert.Equal(1, await _world.Bus.CountAsync(first.Exchange));
    }

    [Fact]
    public async Task A_first_wait_is_in_the_row()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Every(seconds: 600));
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(subscription);

        await _world.HaveAttemptsAsync(1);
        await _world.SettledAsync();
        Assert.Equal([true], await _world.DeliveriesAsync<bool>("due_at = next_attempt_at"));
    }

    [Fact]
    public async Task What_proves_a_queue_makes_no_attempt()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Every(seconds: 0.3));
        var dispatcher = await _world.StartDispatcherAsync(World.NoBreaker);

        await _world.ProveDelayAsync(dispatcher, subscription);

        await _world.EndedAsync();
        await _world.Bus.WaitForCountAsync(BrokerNames.Delay(300), 0);
        await _world.SettledAsync();
        var attempts = await _world.AttemptsAsync();
        Assert.All(attempts.GroupBy(attempt => attempt.DeliveryId), made => Assert.Equal([1, 2, 3], made.Select(attempt => attempt.Number).Order()));
        Assert.Equal(attempts.Count, receiver.Count);
    }

    [Fact]
    public async Task A_new_connection_proves_every_queue_anew()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Every(seconds: 0.3));
        var dispatcher = await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.ProveDelayAsync(dispatcher, subscription);
        var queues = dispatcher.Services.GetRequiredService<DelayQueues>();
        var before = queues.Of(TimeSpan.FromSeconds(0.3));

        await _world.CloseConnectionsAsync();

        await Eventually.TrueAsync(() => queues.Of(TimeSpan.FromSeconds(0.3)) != before, World.Limit, "a queue of which nothing is known");
        Assert.False(queues.Of(TimeSpan.FromSeconds(0.3)).IsProven);
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.EndedAsync();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static CustomRetry Every(double seconds) => new() { MaxAttempts = 3, InitialDelaySeconds = seconds, BackoffMultiplier = 1 };
}
