using System.Diagnostics;
using Webhooks.Contracts;
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
        await BacklogAsync(subscription, 100_000);
        var dispatcher = await StartAsync();
        using var owed = OwedCount.Of(dispatcher);

        // New events come behind it all the while. Not for longer: a quick machine has sent it all in eleven seconds.
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < 3 * Grace)
        {
            await _world.DeliverAsync(subscription, count: 10);
        }

        await receiver.WaitForAsync(5_000, World.Limit);
        Assert.True(await _world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0)) > World.MessagesOf(10_000), "The backlog was gone too soon.");
        Assert.Equal(0, owed.Now);
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL OR owed_times IS NOT NULL"));
        var mark = await _world.Database.ScalarAsync<DateTime>("SELECT min(mark) FROM queue_marks WHERE queue = $1", BrokerNames.DeliveriesQueue(0));
        Assert.True(mark < await _world.Database.ScalarAsync<DateTime>("SELECT max(created_at) FROM deliveries WHERE status = 'pending'"));
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
        using var owed = OwedCount.Of(dispatcher);
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

    private async Task BacklogAsync(Subscription subscription, int count)
    {
        var accepted = await _world.AcceptAsync(subscription, count);
        foreach (var chunk in accepted.Chunk(5_000))
        {
            await _world.AnnounceAsync(chunk);
        }
    }
}
