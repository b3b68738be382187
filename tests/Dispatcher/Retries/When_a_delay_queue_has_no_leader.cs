using Microsoft.Extensions.DependencyInjection;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Retries;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retries;

/// <summary>It can be declared, and never confirms. By itself: taking a leader away disturbs a broker that declares queues for others at that moment.</summary>
[Collection(AloneCollection.Name)]
public sealed class When_a_delay_queue_has_no_leader : IAsyncLifetime
{
    // A connection that waits for a confirm is given up after ten seconds.
    private static readonly TimeSpan ALittleLate = TimeSpan.FromSeconds(6);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_delay_nothing()
    {
        const int Each = 50;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var affected = await _world.SubscribeAsync(receiver.Url, Every(seconds: 0.3));
        var others = await _world.SubscribeAsync(receiver.Url, Every(seconds: 0.7));
        await BrokerTopology.DeclareDelayAsync(_world.Bus.Channel, TimeSpan.FromSeconds(0.3));
        await _world.LoseLeaderAsync(BrokerNames.Delay(300));
        // However long a busy machine takes for all of this, the receiver is not left alone.
        var dispatcher = await _world.StartDispatcherAsync(("Webhooks:Breaker:FailingFor", "01:00:00"));
        await _world.ProveDelayAsync(dispatcher, others);
        var queues = dispatcher.Services.GetRequiredService<DelayQueues>();

        for (var round = 0; round < 5; round++)
        {
            await _world.DeliverAsync(affected, Each);
            await _world.DeliverAsync(others, Each);
            await _world.EndedAsync();
        }

        var attempts = await _world.AttemptsAsync();
        Assert.All(attempts.GroupBy(attempt => attempt.DeliveryId), made =>
        {
            Assert.Equal([1, 2, 3], made.Select(attempt => attempt.Number).Order());
            Assert.All(
                made.OrderBy(attempt => attempt.Number).Zip(made.OrderBy(attempt => attempt.Number).Skip(1)),
                pair => Assert.InRange(pair.Second.StartedAt, pair.First.NextAttemptAt!.Value, pair.First.NextAttemptAt!.Value + ALittleLate));
        });
        Assert.Equal((false, true), (queues.Of(TimeSpan.FromSeconds(0.3)).IsProven, queues.Of(TimeSpan.FromSeconds(0.7)).IsProven));
    }

    // It may have been stored: announced by both for the same moment it would be sent by two dispatchers at once.
    [Fact]
    public async Task Should_let_what_it_may_have_taken_go_before_the_row()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, Every(seconds: 3_600));
        var dispatcher = await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.SettledAsync();

        await _world.LoseLeaderAsync(BrokerNames.Delay(3_600_000));
        await _world.DeliverAsync(subscription);

        await _world.HaveAttemptsAsync((await _world.DeliveriesAsync<Guid>("id")).Count);
        await _world.SettledAsync();
        Assert.True((await _world.DeliveriesAsync<bool>("coalesce(due_at = next_attempt_at + interval '5 seconds', false)"))[^1]);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static CustomRetry Every(double seconds) => new() { MaxAttempts = 3, InitialDelaySeconds = seconds, BackoffMultiplier = 1 };
}
