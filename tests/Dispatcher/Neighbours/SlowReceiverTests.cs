using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Neighbours;

/// <summary>Nobody waits for another one's receiver.</summary>
public sealed class SlowReceiverTests
{
    private const string TooLate = "the fast one that began after a slow one had ended";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Fact]
    public Task A_receiver_that_never_answers_delays_nobody_else() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await world.SubscribeAsync(slow.Url, timeout: Longest), await world.SubscribeAsync(fast.Url));
        await world.StartDispatcherAsync();
        await world.DeliverAsync(toSlow, count: 300);
        await slow.WaitForAsync(300);

        var delivery = Assert.Single(await world.DeliverAsync(toFast));

        await fast.WaitForAsync(1);
        if (!await IsBeforeAllSlowAsync(world, delivery, slow))
        {
            return TooLate;
        }

        Assert.Equal(300, slow.Requests.Select(TestEvent.IdOf).Distinct().Count());

        // Acknowledged alone: the older ones are still in hand, for as long as they are waited for.
        return await WhileTheyHang.LookAsync(
            world, slow, () => world.UnacknowledgedAsync(BrokerNames.DeliveriesQueue(0)), inHand => inHand == World.MessagesOf(300));
    });

    [Fact]
    public Task Retries_that_hang_do_not_delay_a_first_attempt() => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var slow = await TestReceiver.StartAsync(_ => Answer.Never);
        await using var fast = await TestReceiver.StartAsync();
        var (toSlow, toFast) = (await world.SubscribeAsync(slow.Url, timeout: Longest), await world.SubscribeAsync(fast.Url));
        var retries = await world.AcceptAsync(toSlow, count: 1_100);
        await world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now()");
        await world.AnnounceAsync(retries, number: 2);
        await world.StartDispatcherAsync();
        await slow.WaitForAsync(1_000);

        var delivery = Assert.Single(await world.DeliverAsync(toFast));

        await fast.WaitForAsync(1);
        if (!await IsBeforeAllSlowAsync(world, delivery, slow))
        {
            return TooLate;
        }

        // Half of what may be in hand, and as many as a lane may send. The others wait in the lane, and no message waits for them.
        var queue = BrokerNames.RetriesQueue(0);
        return await WhileTheyHang.LookAsync(
            world, slow,
            async () => (Hang: slow.Count, Ready: await world.Bus.CountAsync(queue), InHand: await world.UnacknowledgedAsync(queue)),
            seen => seen is (1_000, 0, 500));
    });

    private static async Task<bool> IsBeforeAllSlowAsync(World world, Accepted fast, TestReceiver slow)
    {
        RecordedAttempt? made = null;
        await Eventually.TrueAsync(
            async () => (made = (await world.AttemptsAsync()).FirstOrDefault(attempt => attempt.DeliveryId == fast.Id)) is not null, World.Limit, "the fast attempt to be recorded");
        return (await world.AttemptsAsync()).Where(attempt => attempt.Url.StartsWith(slow.Url, StringComparison.Ordinal)).All(attempt => attempt.EndedAt > made!.StartedAt);
    }
}
