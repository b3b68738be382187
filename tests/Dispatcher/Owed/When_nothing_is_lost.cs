using System.Diagnostics;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Owed;
using Webhooks.Subscriptions;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Owed;

/// <summary>A broker that is healthy and has a lot to do must not be taken for one that loses messages.</summary>
public sealed class When_nothing_is_lost : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_announce_nothing_of_a_backlog_of_100_000_again_while_it_is_sent()
    {
        // One that is slow would take more than its share, and its backlog be moved into a lane.
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url, timeout: HeldReceiver.Deadline);
        var wanted = 100_000;
        await BacklogAsync(subscription, wanted);
        var dispatcher = await StartAsync();
        using var owed = CountedMetric.Of(dispatcher, OwedMetrics.Announced);

        // New events come behind it all the while. Not for longer: a quick machine has sent it all in eleven seconds.
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < 3 * Grace)
        {
            wanted += (await _world.DeliverAsync(subscription, count: 10)).Count;
        }

        await receiver.WaitForAsync(5_000, World.Limit);
        Assert.True(await _world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0)) > World.MessagesOf(10_000), "The backlog was gone too soon.");
        Assert.Equal(0, owed.Now);
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL OR owed_times IS NOT NULL"));
        var mark = await _world.Database.ScalarAsync<DateTime>("SELECT min(mark) FROM queue_marks WHERE queue = $1", BrokerNames.DeliveriesQueue(0));
        Assert.True(mark < await _world.Database.ScalarAsync<DateTime>("SELECT max(created_at) FROM deliveries WHERE status = 'pending'"));

        await Eventually.TrueAsync(() => receiver.Count >= wanted, 5 * World.Limit, () => $"{wanted} requests; there were {receiver.Count}");
        await _world.EndedAsync();
        Assert.Equal((wanted, 0L), (receiver.Count, owed.Now));
    }

    // They are due by another time than first attempts are, and give way to those (0028): each waits for several graces. Of one the
    // message is lost, so that it is seen that somebody looks.
    [Fact]
    public async Task Should_announce_of_a_backlog_of_retries_only_what_is_lost_again_while_first_attempts_go_before()
    {
        const int Retries = 10_000;
        const int Lost = 100;
        await using var receiver = await TestReceiver.StartAsync();
        var subscription = await _world.SubscribeAsync(receiver.Url, timeout: HeldReceiver.Deadline);
        var retries = await _world.AcceptAsync(subscription, Retries);
        await BacklogOfRetriesAsync(retries, due: TimeProvider.System.GetUtcNow() - 6 * Grace, lost: retries[Lost]);

        using var owed = CountedMetric.Of(await StartAsync(), OwedMetrics.Announced);
        using var owedByOther = CountedMetric.Of(await StartAsync(), OwedMetrics.Announced);
        var first = 0;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (receiver.Count < Retries && await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            first += (await _world.DeliverAsync(subscription, count: 10)).Count;
        }

        await _world.EndedAsync();
        Assert.Equal(1, owed.Now + owedByOther.Now);
        Assert.Equal(Retries + first, receiver.Count);
        Assert.True(
            await _world.Database.ScalarAsync<TimeSpan>("SELECT max(started_at) - min(started_at) FROM attempts WHERE number = 2") > 2 * Grace,
            "The backlog was gone before anything of it could have been taken for lost.");
    }

    // It wakes with a full socket, and a queue of which it knows nothing new.
    [Fact]
    public async Task Should_announce_nothing_again_when_a_dispatcher_stood_still()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(200) });
        var subscription = await _world.SubscribeAsync(receiver.Url, timeout: HeldReceiver.Deadline);
        await using var dispatcher = await _world.StartChildAsync(("Webhooks:OwedGrace", $"{Grace}"));
        await HaveMarksOfAsync(TimeSpan.Zero);
        await BacklogAsync(subscription, 12_000);
        await receiver.WaitForAsync(100);

        dispatcher.Freeze();
        await HaveMarksOfAsync(4 * Grace);
        dispatcher.Thaw();

        await _world.EndedAsync();
        Assert.Equal(12_000, receiver.Count);
        Assert.DoesNotContain("announced again", await File.ReadAllTextAsync(dispatcher.LogFile), StringComparison.Ordinal);
    }

    // It hands out nothing, and what it has in its queue is not lost.
    [Fact]
    public async Task Should_announce_nothing_again_when_the_broker_stood_still()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var relay = new TcpRelay("127.0.0.1", (await TestBroker.ServerAsync()).Port);
        var subscription = await _world.SubscribeAsync(receiver.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await StartAsync(_world.RabbitMqAt(relay.Port));
        using var owed = CountedMetric.Of(dispatcher, OwedMetrics.Announced);
        await HaveMarksOfAsync(TimeSpan.Zero);
        await BacklogAsync(subscription, 12_000);
        await receiver.WaitForAsync(100);

        relay.FallSilent();
        // All in hand is done, and nothing comes for four times the grace.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<bool>("SELECT coalesce(now() - max(started_at) > $1, false) FROM attempts", 4 * Grace), World.Limit, "the last attempt to be long ago");
        Assert.True(await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending'") > 1_000, "Nothing was left in the broker.");
        relay.Restore();

        await _world.EndedAsync();
        Assert.Equal(12_000, receiver.Count);
        Assert.Equal(0, owed.Now);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<ServiceHost> StartAsync(params (string Key, string Value)[] settings) =>
        _world.StartDispatcherAsync([("Webhooks:OwedGrace", $"{Grace}"), .. settings]);

    /// <summary>Waits until dispatchers have noted how far they are, and that is so long ago.</summary>
    private Task HaveMarksOfAsync(TimeSpan age) => Eventually.TrueAsync(
        async () => await _world.Database.ScalarAsync<bool>("SELECT coalesce(now() - max(noted_at) > $1, false) FROM queue_marks", age), World.Limit, "marks of that age");

    /// <summary>Retries as a delay queue hands them over: due a millisecond apart, and each message says when. There before anybody takes them.</summary>
    private async Task BacklogOfRetriesAsync(IReadOnlyList<Accepted> retries, DateTimeOffset due, Accepted lost)
    {
        await _world.Database.ExecuteAsync(
            "UPDATE deliveries SET last_attempt = 1, next_attempt_at = $1::timestamptz + 1000 * (created_at - $2)", due.UtcDateTime, retries[0].CreatedAt.UtcDateTime);
        foreach (var chunk in retries.Where(retry => retry != lost).Chunk(1_000))
        {
            await Task.WhenAll(chunk.Select(retry => _world.Bus.PublishAsync(
                BrokerNames.RetriesExchange,
                Shard.RoutingKeyOf(retry.SubscriptionId, shards: 1),
                new DeliveryMessage(retry.Id, retry.CreatedAt, 2, due + 1000 * (retry.CreatedAt - retries[0].CreatedAt), Traceparent: null).ToBytes())));
        }
    }

    private async Task BacklogAsync(Subscription subscription, int count)
    {
        // A few at a time: what is accepted and not announced for the grace is lost.
        for (var rest = count; rest > 0; rest -= 1_000)
        {
            await _world.DeliverAsync(subscription, Math.Min(rest, 1_000));
        }
    }
}
