using System.Text;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

public sealed class When_the_broker_loses_messages : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    // On a busy machine.
    private static readonly TimeSpan ALittle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private World _world = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 0.5, BackoffMultiplier = 1 });
    }

    [Fact]
    public async Task Should_find_first_attempts_in_a_queue_that_was_emptied()
    {
        await _world.DeliverAsync(_subscription, count: 30);
        await _world.Bus.Channel.QueuePurgeAsync(BrokerNames.DeliveriesQueue(0));

        using var owed = CountedMetric.Of(OwedMetrics.Announced);
        var dispatcher = await StartAsync();

        await _world.EndedAsync();
        await EachCameOnceAsync(30);
        Assert.Equal(30, owed.NowOf(dispatcher));
    }

    // All of it is parked: nobody knows what the rest of it was to say.
    [Fact]
    public async Task Should_find_those_that_a_message_announced_which_cannot_be_read()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 3);
        var message = Encoding.UTF8.GetString(Announcement.Write([.. accepted.Select(delivery =>
            new DeliveryMessage(delivery.Id, delivery.CreatedAt, 1, TimeProvider.System.GetUtcNow(), Traceparent: null))]));
        await _world.Bus.PublishAsync(BrokerNames.DeliveriesExchange, "0", $"{message[..^2]},7]}}");

        await StartAsync();

        await _world.EndedAsync();
        await EachCameOnceAsync(3);
        Assert.Equal("not_json", Assert.Single(await _world.ParkedAsync()).Reason);
    }

    // Its place in the order of the queue tells, not that the queue is empty: it never is.
    [Fact]
    public async Task Should_find_a_single_message_in_a_queue_that_is_always_busy()
    {
        var lost = await _world.AcceptAsync(_subscription);
        using var owed = CountedMetric.Of(OwedMetrics.Announced);
        var dispatcher = await StartAsync();

        using var stop = new CancellationTokenSource();
        var others = DeliverUntilAsync(stop.Token);
        await Eventually.TrueAsync(() => _receiver.Requests.Any(request => TestEvent.IdOf(request) == lost[0].EventId), World.Limit, "the lost one to come");
        await stop.CancelAsync();

        var count = await others;
        await _world.EndedAsync();
        await EachCameOnceAsync(count + 1);
        Assert.Equal(1, owed.NowOf(dispatcher));
    }

    [Fact]
    public async Task Should_find_retries_that_a_delay_queue_has_lost()
    {
        _receiver.AnswerWith = _ => new Answer(503);
        var patient = await _world.SubscribeAsync(_receiver.Url, new CustomRetry { MaxAttempts = 5, InitialDelaySeconds = 600, BackoffMultiplier = 1 });
        var dispatcher = await StartAsync();
        using var owed = CountedMetric.Of(dispatcher, OwedMetrics.Announced);
        await _world.ProveDelayAsync(dispatcher, patient);
        var failed = await _world.DeliverAsync(patient, count: 20);
        await Eventually.TrueAsync(
            async () => (await _world.AttemptsAsync()).Count(attempt => failed.Any(delivery => delivery.Id == attempt.DeliveryId)) == 20, World.Limit, "first attempts");
        await _world.SettledAsync();
        _receiver.AnswerWith = _ => Answer.Ok;

        var lost = await _world.Bus.Channel.QueuePurgeAsync(BrokerNames.Delay(600_000));
        // As if the wait were over.
        await _world.Database.ExecuteAsync("UPDATE deliveries SET next_attempt_at = now(), due_at = CASE WHEN due_at IS NOT NULL THEN now() END WHERE status = 'pending'");

        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        var attempts = await _world.AttemptsAsync();
        Assert.All(failed, delivery => Assert.Equal([1, 2], attempts.Where(attempt => attempt.DeliveryId == delivery.Id).Select(attempt => attempt.Number)));
        Assert.InRange(owed.Now, 20, lost);
    }

    [Fact]
    public async Task Should_have_no_more_than_10_000_under_way_again_at_a_time()
    {
        await _world.AcceptAsync(_subscription, count: 20_000);
        await StartAsync();

        long most = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                most = Math.Max(most, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE owed_times IS NOT NULL"));
                return await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending'") == 0;
            },
            2 * World.Limit, "all to be delivered");

        Assert.InRange(most, 1_000, 10_000);
        await EachCameOnceAsync(20_000);
    }

    // The queues are gone with their bindings and their consumers; all of them, and while retries are under way.
    [Fact]
    public async Task Should_find_everything_when_every_queue_is_deleted_under_load()
    {
        var copies = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        _receiver.AnswerWith = request => new Answer(copies.AddOrUpdate(TestEvent.IdOf(request), 1, (_, before) => before + 1) == 1 ? 503 : 200);
        var dispatcher = await StartAsync();
        await _world.ProveDelayAsync(dispatcher, _subscription);

        using var stop = new CancellationTokenSource();
        var others = DeliverUntilAsync(stop.Token);
        await _receiver.WaitForAsync(_receiver.Count + 200);
        foreach (var queue in new[] { BrokerNames.DeliveriesQueue(0), BrokerNames.RetriesQueue(0), BrokerNames.Delay(500), BrokerNames.PublisherQueue, BrokerNames.ParkingQueue })
        {
            await _world.Bus.Channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
        }

        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() >= World.ConsumersOf(dispatchers: 1), World.Limit, "the queues to be consumed again");
        await _receiver.WaitForAsync(_receiver.Count + 200);
        await stop.CancelAsync();

        await others;
        await _world.EndedAsync();
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        // Every request is on record: none was made beside a recorded one.
        Assert.Equal((await _world.AttemptsAsync()).Count, _receiver.Count);
    }

    [Fact]
    public async Task Should_announce_again_what_was_announced_in_vain_and_wait_twice_as_long_each_time()
    {
        await using var rival = await Rival.StartAsync(_world, BrokerNames.RetriesQueue(0));
        await _world.AcceptAsync(_subscription);

        await StartAsync();

        await Eventually.TrueAsync(() => rival.Taken.Count >= 3, World.Limit, () => $"three announcements; there were {rival.Taken.Count}");
        var announced = rival.Taken.Select(message => message.EnqueuedAt).ToList();
        Assert.InRange(announced[1] - announced[0], 2 * Grace, 4 * Grace + ALittle);
        Assert.InRange(announced[2] - announced[1], 4 * Grace, 8 * Grace + ALittle);
        Assert.Single(rival.Taken.Select(message => message.DeliveryId).Distinct());
        Assert.Equal(0, _receiver.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    // No receiver that fails for a while is left alone here.
    private Task<ServiceHost> StartAsync() => _world.StartDispatcherAsync(("Webhooks:OwedGrace", $"{Grace}"), World.NoBreaker);

    private async Task<int> DeliverUntilAsync(CancellationToken stop)
    {
        var count = 0;
        using var pace = new PeriodicTimer(Pace);
        for (; !stop.IsCancellationRequested; count += 10)
        {
            var accepted = await _world.AcceptAsync(_subscription, count: 10);
            try
            {
                await _world.AnnounceAsync(accepted);
            }
            catch (PublishException)
            {
                // There is no queue at this moment. They are accepted nevertheless.
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return count;
    }

    // A machine that is busy may have failed an attempt that had reached the receiver. It is on record then, and was made again.
    private async Task EachCameOnceAsync(int count)
    {
        var failed = (await _world.Database.ColumnAsync<string>(
            "SELECT event_id FROM attempts JOIN deliveries ON deliveries.created_at = attempts.created_at AND id = delivery_id WHERE outcome <> 'succeeded'")).CountBy(id => id).ToDictionary();
        var came = _receiver.Requests.CountBy(TestEvent.IdOf).ToDictionary();
        var others = Enumerable.Range(1, count).Select(number => $"evt_{number}")
            .Where(id => came.GetValueOrDefault(id) is var times && (times < 1 || times > 1 + failed.GetValueOrDefault(id)))
            .Select(id => $"{id} came {came.GetValueOrDefault(id)} times, and {failed.GetValueOrDefault(id)} attempts failed");
        Assert.Equal([], others);
        Assert.Equal(count, came.Count);
        Assert.InRange(failed.Count, 0, Math.Max(1, count / 100));
    }
}
