using Webhooks.Contracts;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

public sealed class When_the_dispatcher_is_stopped : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public Task Should_finish_what_is_on_the_wire_and_leave_the_rest_to_the_next() => WhileTheyHang.IsSeenAsync(async world =>
    {
        // Half of the first attempts fail, so that some announcements are still to be made as well.
        await using var receiver = await HeldReceiver.StartAsync(request => new Answer(request.Number <= 50 && request.Number % 2 == 0 ? 500 : 200));
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, new CustomRetry { InitialDelaySeconds = 0.5 }, HeldReceiver.Deadline);
        var dispatcher = await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription, count: 50);
        await receiver.Requests.WaitForAsync(50);

        var stopping = dispatcher.DisposeAsync().AsTask();
        var wrong = await WhileTheyHang.LookAsync(world, receiver.Requests, () => world.ConsumersAsync(), consumers => consumers == 0);
        await world.DeliverAsync(subscription, count: 10);
        var hasEnded = stopping.IsCompleted;
        receiver.Release();
        await stopping;
        if (wrong is not null || hasEnded)
        {
            return $"{wrong ?? "no"} consumers, and what is on the wire {(hasEnded ? "not " : "")}waited for";
        }

        Assert.Equal(50, receiver.Requests.Count);
        Assert.Equal(Enumerable.Repeat(1, 50), (await world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.Equal(World.MessagesOf(10), await world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0)));

        await world.StartDispatcherAsync();

        await world.EndedAsync();
        var attempts = await world.AttemptsAsync();
        var attemptsEach = attempts.CountBy(attempt => attempt.DeliveryId).Select(delivery => delivery.Value).ToList();
        Assert.Equal((35, 25), (attemptsEach.Count(count => count == 1), attemptsEach.Count(count => count == 2)));
        Assert.Equal(attempts.Count, receiver.Requests.Count);
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await world.ParkedAsync());
        return null;
    });

    [Fact]
    public async Task Should_hand_over_to_the_others_and_send_nothing_twice()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(100) });
        var subscription = await _world.SubscribeAsync(receiver.Url);
        var stopped = await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        var delivering = _world.DeliverAsync(subscription, count: 600);
        await receiver.WaitForAsync(100);

        await stopped.DisposeAsync();

        var accepted = await delivering;
        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(600, (await _world.AttemptsAsync()).Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
