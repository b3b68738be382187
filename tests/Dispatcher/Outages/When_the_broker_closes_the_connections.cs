using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>The broker takes back what is in hand and hands it over again, while the sends still run.</summary>
public sealed class When_the_broker_closes_the_connections : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(200, 1)]
    [InlineData(500, 2)] // The step after the record is repeated too, and the second attempt is still one.
    public Task Should_send_nothing_a_second_time_and_acknowledge_all(int firstAnswer, int attemptsEach) => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var receiver = await HeldReceiver.StartAsync(request => new Answer(request.Number <= 60 ? firstAnswer : 200));
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, new CustomRetry { InitialDelaySeconds = 1 }, timeout: HeldReceiver.Deadline);
        await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription, count: 50);
        await receiver.Requests.WaitForAsync(50);

        await world.CloseConnectionsAsync();

        // What was taken back stands before these in the queue.
        await world.DeliverAsync(subscription, count: 10);
        if (await WhileTheyHang.LookAsync(world, receiver.Requests, () => Task.FromResult(receiver.Requests.Count), count => count >= 60) is { } wrong)
        {
            return $"{wrong} requests instead of 60";
        }

        Assert.Equal(60, receiver.Requests.Count);
        receiver.Release();

        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal(
            Enumerable.Range(1, 60).Select(number => KeyValuePair.Create($"evt_{number}", attemptsEach)).ToHashSet(),
            receiver.Requests.Requests.CountBy(TestEvent.IdOf).ToHashSet());
        Assert.Equal(60 * attemptsEach, (await world.AttemptsAsync()).Count);
        Assert.Empty(await world.ParkedAsync());
        return null;
    });

    [Fact]
    public async Task Should_lose_nothing_when_it_happens_again_and_again()
    {
        await using var receiver = await TestReceiver.StartAsync(request => new Answer(request.Number % 3 == 0 ? 500 : 200));
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { InitialDelaySeconds = 0.2, BackoffMultiplier = 1, MaxAttempts = 20 });
        await _world.StartDispatcherAsync();

        for (var round = 0; round < 3; round++)
        {
            await _world.DeliverAsync(subscription, count: 150);
            await _world.CloseConnectionsAsync();
        }

        await _world.EndedAsync();
        Assert.Equal(450, (await _world.DeliveriesAsync<string>("status")).Count(status => status == "delivered"));
        var attempts = await _world.AttemptsAsync();
        Assert.Equal(attempts.Count, receiver.Count);
        Assert.Empty(await _world.ParkedAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
