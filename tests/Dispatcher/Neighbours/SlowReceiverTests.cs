using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Neighbours;

/// <summary>Nobody waits for another one's receiver.</summary>
public sealed class SlowReceiverTests : IAsyncLifetime
{
    private static readonly TimeSpan LongerThanTheTest = TimeSpan.FromSeconds(30);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_receiver_that_never_answers_delays_nobody_else()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await _world.SubscribeAsync(slow.Url, timeout: LongerThanTheTest), await _world.SubscribeAsync(fast.Url));
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(toSlow, count: 300);
        await slow.WaitForAsync(300);

        var delivery = Assert.Single(await _world.DeliverAsync(toFast));

        await fast.WaitForAsync(1);
        await _world.HaveAttemptsAsync(1);
        Assert.Equal(delivery.Id, Assert.Single(await _world.AttemptsAsync()).DeliveryId);

        // Acknowledged alone: the older ones are still in hand.
        await Eventually.TrueAsync(
            async () => await _world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)) == World.MessagesOf(300), World.Limit, "all but the fast one to be in hand");
        Assert.Equal(300, slow.Count);
    }

    [Fact]
    public async Task Retries_that_hang_do_not_delay_a_first_attempt()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await _world.SubscribeAsync(slow.Url, timeout: LongerThanTheTest), await _world.SubscribeAsync(fast.Url));
        var retries = await _world.AcceptAsync(toSlow, count: 1_100);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now()");
        await _world.AnnounceAsync(retries, number: 2);
        await _world.StartDispatcherAsync();
        await slow.WaitForAsync(1_000);

        await _world.DeliverAsync(toFast);

        await fast.WaitForAsync(1);
        await _world.HaveAttemptsAsync(1);

        // Half of what may be in hand, and as many as a lane may send. The others wait in the lane, and no message waits for them.
        Assert.Equal(1_000, slow.Count);
        await Eventually.TrueAsync(
            async () => await _world.Bus.CountAsync(BrokerNames.RetriesQueue(0)) == 0 && await _world.UnacknowledgedAsync(BrokerNames.RetriesQueue(0)) == 500,
            World.Limit, "half of the retries' slots to be free");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
