using System.Collections.Concurrent;
using Webhooks.TestKit;
using static Webhooks.Broker.Tests.Reading;

namespace Webhooks.Broker.Tests.Outages;

public sealed class When_the_broker_is_away(OutageBroker broker) : IClassFixture<OutageBroker>
{
    private const string Queue = "kept";

    [Fact]
    public async Task Should_keep_everything_that_was_confirmed_over_a_kill()
    {
        var uri = await broker.CreateVhostAsync();
        await using var ours = new OurSide(uri);
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        var consumer = ours.Consume(Queue, prefetch: 200, channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.WhenReadyAsync(CancellationToken.None);
        await broker.Server.SyncAsync();
        var received = new ConcurrentDictionary<string, bool>();
        var reading = ReadAsync();

        // In flight when it dies, and more while it is away.
        var publishing = Enumerable.Range(0, 30).Select(batch => publisher.PublishAsync(Messages(Queue, 100, from: batch * 100), CancellationToken.None)).ToList();
        await Eventually.TrueAsync(() => received.Count > 100, OurSide.Limit, "the first messages");
        await broker.Server.KillAsync();
        await Eventually.TrueAsync(() => !ours.IsReady, OurSide.Limit, "the loss to be seen");
        publishing.Add(publisher.PublishAsync(Messages(Queue, 100, from: 3_000), CancellationToken.None));
        await broker.Server.RestartAsync();

        await Task.WhenAll(publishing).WaitAsync(OurSide.Limit);
        await Eventually.TrueAsync(() => received.Count == 3_100, OurSide.Limit, () => $"3,100 messages; there were {received.Count}");
        Assert.True(ours.IsReady);

        async Task ReadAsync()
        {
            await foreach (var message in consumer.Received.ReadAllAsync())
            {
                received[message.Text()] = true;
                message.Ack();
            }
        }
    }

    // RabbitMQ says that it blocks a connection only when something is published over it.
    [Fact]
    public async Task Should_be_seen_by_who_asks_that_the_broker_has_no_room_although_nothing_is_published()
    {
        var uri = await broker.CreateVhostAsync();
        await using var ours = new OurSide(uri);
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.WhenReadyAsync(CancellationToken.None);
        var before = await broker.Server.ConnectionsAsync(uri);
        Assert.True(await ours.AnswersAsync());

        await broker.Server.RaiseDiskAlarmAsync();
        try
        {
            await Eventually.TrueAsync(async () => !await ours.AnswersAsync(), OurSide.Limit, "the alarm to be seen");
        }
        finally
        {
            await broker.Server.ClearDiskAlarmAsync();
        }

        await Eventually.TrueAsync(ours.AnswersAsync, OurSide.Limit, "the end of the alarm to be seen");
        Assert.Equal(before, await broker.Server.ConnectionsAsync(uri));
        await publisher.PublishAsync([Message(Queue, "only")], CancellationToken.None);
        await using var peer = await AmqpPeer.ConnectAsync(uri);
        Assert.Equal("only", Assert.Single(await peer.DrainAsync(Queue)).Text());
    }

    [Fact]
    public async Task Should_hold_publishes_while_the_broker_has_no_memory_and_time_nothing()
    {
        var uri = await broker.CreateVhostAsync();
        var clock = new TestClock();
        await using var ours = new OurSide(uri, clock, confirmTimeout: TimeSpan.FromSeconds(10));
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        var consumer = ours.Consume(Queue, declare: channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.PublishAsync([Message(Queue, "before")], CancellationToken.None);
        await Eventually.TrueAsync(() => consumer.IsConsuming, OurSide.Limit, "the consumer's connection");
        var before = await broker.Server.ConnectionsAsync(uri);

        await broker.Server.RaiseMemoryAlarmAsync();
        try
        {
            // The broker reads the first publish's frames, or not: it says that it blocks us only when we publish.
            var first = publisher.PublishAsync([Message(Queue, "first")], CancellationToken.None);
            await Eventually.TrueAsync(() => !ours.IsReady, OurSide.Limit, "the publisher to be blocked");
            var second = publisher.PublishAsync([Message(Queue, "second")], CancellationToken.None);
            var ready = publisher.WhenReadyAsync(CancellationToken.None);

            // What was there before can still be worked on: consuming has a connection of its own.
            (await consumer.NextAsync()).Ack();
            clock.Advance(TimeSpan.FromMinutes(5));
            Assert.False(first.IsCompleted || second.IsCompleted || ready.IsCompleted);

            await broker.Server.ClearMemoryAlarmAsync();
            await Task.WhenAll(first, second, ready).WaitAsync(OurSide.Limit);
        }
        finally
        {
            await broker.Server.ClearMemoryAlarmAsync();
        }

        Assert.True(ours.IsReady);
        Assert.Equal(before, await broker.Server.ConnectionsAsync(uri));
        Assert.Equal(["first", "second"], (await consumer.NextAsync(2)).Select(message => message.Text()));
        Assert.False(consumer.Received.TryPeek(out _));
    }
}
