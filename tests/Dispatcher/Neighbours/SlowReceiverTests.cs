using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Neighbours;

/// <summary>Nobody waits for another one's receiver.</summary>
public sealed class SlowReceiverTests : IAsyncLifetime
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_receiver_that_never_answers_delays_nobody_else()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await _world.SubscribeAsync(slow.Url, timeout: Longest), await _world.SubscribeAsync(fast.Url));
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(toSlow, count: 300);
        await slow.WaitForAsync(300);

        var delivery = Assert.Single(await _world.DeliverAsync(toFast));

        await fast.WaitForAsync(1);
        await AssertBeforeAllSlowAsync(delivery, slow);

        // Acknowledged alone: the older ones are still in hand, for as long as they are waited for.
        await Eventually.TrueAsync(
            async () => await _world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)) == World.MessagesOf(300) || await HasOneEndedAsync(slow),
            World.Limit, "all but the fast one to be in hand");
        Assert.Equal(300, slow.Requests.Select(TestEvent.IdOf).Distinct().Count());
    }

    [Fact]
    public async Task Retries_that_hang_do_not_delay_a_first_attempt()
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await _world.SubscribeAsync(slow.Url, timeout: Longest), await _world.SubscribeAsync(fast.Url));
        var retries = await _world.AcceptAsync(toSlow, count: 1_100);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now()");
        await _world.AnnounceAsync(retries, number: 2);
        await _world.StartDispatcherAsync();
        await slow.WaitForAsync(1_000);

        var delivery = Assert.Single(await _world.DeliverAsync(toFast));

        await fast.WaitForAsync(1);
        await AssertBeforeAllSlowAsync(delivery, slow);

        // Half of what may be in hand, and as many as a lane may send. The others wait in the lane, and no message waits for them.
        // That is so until the first are given up, which a busy machine may have come to.
        Assert.True(slow.Count == 1_000 || await HasOneEndedAsync(slow), $"{slow.Count} hang.");
        await Eventually.TrueAsync(
            async () => (await _world.Bus.CountAsync(BrokerNames.RetriesQueue(0)) == 0 && await _world.UnacknowledgedAsync(BrokerNames.RetriesQueue(0)) == 500) || await HasOneEndedAsync(slow),
            World.Limit, "half of the retries' slots to be free");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task AssertBeforeAllSlowAsync(Accepted fast, TestReceiver slow)
    {
        RecordedAttempt? made = null;
        await Eventually.TrueAsync(
            async () => (made = (await _world.AttemptsAsync()).FirstOrDefault(attempt => attempt.DeliveryId == fast.Id)) is not null, World.Limit, "the fast attempt to be recorded");
        Assert.All((await _world.AttemptsAsync()).Where(attempt => IsOf(slow, attempt)), attempt => Assert.True(attempt.EndedAt > made!.StartedAt));
    }

    private async Task<bool> HasOneEndedAsync(TestReceiver slow) => (await _world.AttemptsAsync()).Any(attempt => IsOf(slow, attempt));

    private static bool IsOf(TestReceiver receiver, RecordedAttempt attempt) => attempt.Url.StartsWith(receiver.Url, StringComparison.Ordinal);
}
