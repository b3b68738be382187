using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Contracts;
using Webhooks.Subscriptions;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Shares;
using Webhooks.Dispatcher.Tests.Owed;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.DuePolling;

/// <summary>Waits that the broker does not carry: the row has the time, and the leader announces it.</summary>
public sealed class DuePollingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    public async Task A_receiver_that_asks_for_time_gets_it_from_the_row(int status)
    {
        await using var receiver = await TestReceiver.StartAsync(
            request => request.Number == 1 ? new Answer(status).With("Retry-After", "20") : Answer.Ok);
        var subscription = await _world.SubscribeAsync(receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 1 });
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(subscription);

        // Looked for before that time is over.
        await _world.HaveAttemptsAsync(1);
        Assert.Equal([true], await _world.DeliveriesAsync<bool>("status = 'pending' AND due_at = next_attempt_at"));
        await _world.SettledAsync();
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.Delay(1_000)));

        await _world.EndedAsync();
        var attempts = await _world.AttemptsAsync();
        Assert.Equal([1, 2], attempts.Select(attempt => attempt.Number));
        Assert.True(receiver.Requests[1].ReceivedAt >= attempts[0].EndedAt.AddSeconds(20), "The second attempt was early.");
        Assert.Equal([true], await _world.DeliveriesAsync<bool>("status = 'delivered' AND due_at IS NULL"));
    }

    [Fact]
    public async Task Many_that_are_due_are_announced_in_few_messages()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url), count: 200);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now(), due_at = now()");
        await using (var rival = await Rival.StartAsync(_world, BrokerNames.RetriesQueue(0)))
        {
            await _world.StartDispatcherAsync();
            await Eventually.TrueAsync(() => rival.Taken.Count >= 200, World.Limit, () => $"200 announcements; there were {rival.Taken.Count}");

            Assert.Equal(accepted.Select(delivery => delivery.Id).Order(), rival.Taken.Select(message => message.DeliveryId).Distinct().Order());
            Assert.Equal(World.MessagesOf(200), rival.Messages);
        }

        // The rival has thrown them away.
        await _world.Database.ExecuteAsync("UPDATE deliveries SET due_at = now()");
        await _world.EndedAsync();
        Assert.Equal(200, receiver.Count);
        Assert.All(await _world.AttemptsAsync(), attempt => Assert.Equal(2, attempt.Number));
    }

    [Fact]
    public async Task A_wait_over_an_hour_is_in_the_row_and_in_no_queue()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(500, 200));
        await _world.StartDispatcherAsync();

        var accepted = await _world.DeliverAsync(await _world.SubscribeAsync(
            receiver.Url, new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 7_200, MaxDelaySeconds = 7_200 }));

        await _world.HaveAttemptsAsync(1);
        await _world.SettledAsync();
        var attempt = Assert.Single(await _world.AttemptsAsync());
        var due = Assert.Single(await _world.DeliveriesAsync<DateTimeOffset>("due_at"));
        Assert.Equal(attempt.NextAttemptAt, due);
        Assert.InRange(due - attempt.EndedAt, TimeSpan.FromHours(2), TimeSpan.FromHours(2) * 1.1);

        await _world.MakeDueAsync(accepted[0], TimeProvider.System.GetUtcNow());

        await _world.EndedAsync();
        Assert.Equal(2, receiver.Count);
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task What_is_due_is_sent_within_250_ms_and_never_early()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url);
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        // All of them, on a machine that has the time: so most of them, in one round of as many as it takes.
        var inTime = 0;
        for (var clock = Stopwatch.StartNew(); inTime < 15 && clock.Elapsed < World.Limit;)
        {
            inTime = (await LatenessOfTwentyAsync(subscription, receiver)).Count(late => late <= TimeSpan.FromMilliseconds(250));
        }

        Assert.InRange(inTime, 15, 20);
    }

    [Fact]
    public async Task More_than_one_chunk_that_is_due_at_once_is_sent_and_each_one_once()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url), count: 1_500);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() - interval '1 hour', due_at = now() - interval '1 hour'");

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(1_500, receiver.Count);
        Assert.Equal(accepted.Select(delivery => delivery.Id).Order(), (await _world.AttemptsAsync()).Select(attempt => attempt.DeliveryId).Order());
    }

    // What is announced before a dispatcher has room for it only waits there, and costs the database what first attempts need.
    [Fact]
    public async Task Beside_first_attempts_a_backlog_is_announced_no_faster_than_it_is_begun()
    {
        const int InHand = 2 * ShardLoops.MostRetries;
        const int More = 1_000;
        await using var receiver = await TestReceiver.StartAsync();
        var pace = (await _world.StartDispatcherAsync()).Services.GetRequiredService<RetryPace>();
        await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Url), count: InHand + More + RetryPace.AnnouncedAtOnce);
        await using var firstAttempts = new Timer(_ => pace.SawFirstAttempts(1), state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() - interval '1 hour', due_at = now() - interval '1 hour'");

        var (begin, announcedThen, _) = await AnnouncedAsync(InHand);
        var (_, announced, end) = await AnnouncedAsync(InHand + More);

        // Twice what begins, for what is announced together; it was eight times as many, on a machine that had the time.
        Assert.InRange((announced - announcedThen) / Stopwatch.GetElapsedTime(begin, end).TotalSeconds, 1, 2 * RetryPace.Least);

        // The moments before and after the question, so that a machine that holds it up makes no pace faster than it was.
        async Task<(long Before, long Count, long After)> AnnouncedAsync(int count)
        {
            var seen = default((long Before, long Count, long After));
            await Eventually.TrueAsync(
                async () =>
                {
                    var before = Stopwatch.GetTimestamp();
                    var now = await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NULL");
                    seen = (before, now, Stopwatch.GetTimestamp());
                    return now >= count;
                },
                World.Limit, $"{count} announcements");
            return seen;
        }
    }

    /// <summary>How late each arrives of twenty that become due a tenth of a second after the other.</summary>
    private async Task<IReadOnlyList<TimeSpan>> LatenessOfTwentyAsync(Subscription subscription, TestReceiver receiver)
    {
        var before = receiver.Count;
        var accepted = await _world.AcceptAsync(subscription, count: 20);
        var start = TimeProvider.System.GetUtcNow().AddSeconds(1);
        var due = accepted.Select((delivery, place) => (delivery.EventId, At: start.AddMilliseconds(97 * place))).ToDictionary(delivery => delivery.EventId, delivery => delivery.At);

        await Task.WhenAll(accepted.Select(delivery => _world.MakeDueAsync(delivery, due[delivery.EventId])));

        await _world.EndedAsync();
        var late = receiver.Requests.Skip(before).Select(request => request.ReceivedAt - due[TestEvent.IdOf(request)]).ToList();
        Assert.Equal(20, late.Count);
        Assert.All(late, time => Assert.True(time >= TimeSpan.Zero, $"Early by {-time}."));
        return late;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
