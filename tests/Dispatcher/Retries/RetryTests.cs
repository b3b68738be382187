using System.Collections.Concurrent;
using Webhooks.Contracts;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retries;

/// <summary>What fails is tried again through the queue of its delay, never early, until it succeeds or the policy ends.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private static readonly CustomRetry Quick = new() { MaxAttempts = 3, InitialDelaySeconds = 0.3, BackoffMultiplier = 2 };

    // What the system's timers may be early by.
    private static readonly TimeSpan ATick = TimeSpan.FromMilliseconds(10);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_failure_is_tried_again_after_its_wait_and_never_early()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(500, 503, 200));
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url, Quick));

        await _world.EndedAsync();
        var attempts = await _world.AttemptsAsync();
        Assert.Equal([(1, "server_error", 500), (2, "server_error", 503), (3, "succeeded", 200)], attempts.Select(attempt => (attempt.Number, attempt.Outcome, attempt.StatusCode!.Value)));
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
        AssertNotBefore(attempts[0].EndedAt.AddSeconds(0.3), receiver.Requests[1]);
        AssertNotBefore(attempts[1].EndedAt.AddSeconds(0.6), receiver.Requests[2]);
        AssertNotBefore(attempts[0].NextAttemptAt!.Value, receiver.Requests[1]);
        AssertNotBefore(attempts[1].NextAttemptAt!.Value, receiver.Requests[2]);
        Assert.Null(attempts[2].NextAttemptAt);
        Assert.Single(receiver.Requests.Select(request => request.Text).Distinct());
    }

    [Fact]
    public async Task A_known_wait_is_spent_in_its_delay_queue()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 3_600 });
        var dispatcher = await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.SettledAsync();
        var before = await _world.Bus.CountAsync(BrokerNames.Delay(3_600_000));

        // Again where a busy machine has recorded the failure so late that the retry was left to its row.
        await Eventually.TrueAsync(
            async () =>
            {
                await _world.DeliverAsync(subscription);
                await _world.SettledAsync();
                return await _world.Bus.CountAsync(BrokerNames.Delay(3_600_000)) > before;
            },
            World.Limit, "a retry in its delay queue");
        Assert.True((await _world.DeliveriesAsync<bool>("status = 'pending' AND last_attempt = 1 AND next_attempt_at > now() AND due_at IS NULL"))[^1]);
    }

    [Fact]
    public async Task The_delay_queues_of_the_default_schedule_are_there_before_they_are_needed()
    {
        await _world.StartDispatcherAsync();

        foreach (var milliseconds in new[] { 5_000, 30_000, 120_000, 600_000, 3_600_000 })
        {
            Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.Delay(milliseconds)));
        }
    }

    [Fact]
    public async Task After_its_last_attempt_a_delivery_is_exhausted_and_no_message_is_left()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(500));
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url, Quick));

        await _world.EndedAsync();
        Assert.Equal(["exhausted"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal([1, 2, 3], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.Equal(3, receiver.Count);
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.Delay(300)));
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.Delay(600)));
    }

    [Fact]
    public async Task What_is_not_worth_a_retry_fails_at_once()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(400) { Body = "unknown field" });
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url, Quick));

        await _world.EndedAsync();
        Assert.Equal(["failed"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal("rejected", Assert.Single(await _world.AttemptsAsync()).Outcome);
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_in_time_is_tried_again()
    {
        // Long enough for a busy machine to get its second attempt through.
        var timeout = TimeSpan.FromSeconds(5);
        await using var receiver = await TestReceiver.StartAsync(request => request.Number == 1 ? Answer.Never : Answer.Ok);
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url, Quick, timeout));

        await _world.EndedAsync();
        var attempts = await _world.AttemptsAsync();
        Assert.Equal(["timed_out", "succeeded"], attempts.Select(attempt => attempt.Outcome));
        Assert.InRange(attempts[0].Duration, timeout - ATick, World.Limit);
        AssertNotBefore(attempts[0].EndedAt.AddSeconds(0.3), receiver.Requests[1]);
    }

    [Fact]
    public async Task A_delay_queue_that_somebody_deleted_is_made_up_for_by_the_row_and_declared_again()
    {
        var copies = new ConcurrentDictionary<string, int>();
        await using var receiver = await TestReceiver.StartAsync(
            request => new Answer(copies.AddOrUpdate(TestEvent.IdOf(request), 1, (_, before) => before + 1) == 1 ? 500 : 200));
        var subscription = await _world.SubscribeAsync(receiver.Url, Quick);
        var dispatcher = await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.EndedAsync();

        await _world.Bus.Channel.QueueDeleteAsync(BrokerNames.Delay(300), ifUnused: false, ifEmpty: false);

        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();
        await _world.ProveDelayAsync(dispatcher, subscription);
        await _world.EndedAsync();
        Assert.All((await _world.AttemptsAsync()).GroupBy(attempt => attempt.DeliveryId), made => Assert.Equal([1, 2], made.Select(attempt => attempt.Number)));
        await _world.Bus.WaitForCountAsync(BrokerNames.Delay(300), 0);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static void AssertNotBefore(DateTimeOffset moment, ReceivedRequest request) =>
        Assert.True(request.ReceivedAt >= moment, $"Request {request.Number} came at {request.ReceivedAt:O}, which is before {moment:O}.");
}
