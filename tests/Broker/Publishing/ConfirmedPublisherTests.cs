using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Publishing;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;
using static Webhooks.Broker.Tests.Reading;

namespace Webhooks.Broker.Tests.Publishing;

public sealed class ConfirmedPublisherTests
{
    private const string Queue = "kept";

    [Fact]
    public async Task Five_thousand_at_once_are_confirmed_and_stored_in_order()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        var outcomes = await publisher.TryPublishAsync(Messages(Queue, 5_000), CancellationToken.None).WaitAsync(OurSide.Limit);

        Assert.Equal(Enumerable.Repeat(PublishOutcome.Confirmed, 5_000), outcomes);
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        Assert.Equal(5_000, await peer.CountAsync(Queue));
        Assert.Equal(Enumerable.Range(0, 5_000).Select(number => $"{number}"), (await peer.DrainAsync(Queue)).Select(message => message.Text()));
    }

    [Fact]
    public async Task Many_callers_at_once_get_each_their_own_outcomes()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(caller =>
            publisher.TryPublishAsync([.. Messages(Queue, 20), Message("missing", $"{caller}")], CancellationToken.None))).WaitAsync(OurSide.Limit);

        Assert.All(outcomes, outcome => Assert.Equal([.. Enumerable.Repeat(PublishOutcome.Confirmed, 20), PublishOutcome.Unroutable], outcome));
    }

    // A channel may be refused for as long as it lives, where another one is not (decision 0003).
    [Fact]
    public async Task Who_is_refused_for_long_tries_over_another_connection()
    {
        await using var ours = await OurSide.CreateAsync();
        var connections = 0;
        var publisher = ours.Publisher(channel => DeclareFullAtOneAsync(channel, () => connections++));
        await publisher.PublishAsync(Messages(Queue, 2), CancellationToken.None).WaitAsync(OurSide.Limit);
        Assert.Equal(1, connections);

        var refused = publisher.PublishAsync([Message(Queue, "late")], CancellationToken.None);
        await Eventually.TrueAsync(() => connections > 2, OurSide.Limit, "a second and a third connection");
        Assert.False(refused.IsCompleted);
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        // No more than these two: the late one may come as soon as there is room.
        await peer.TakeAsync(Queue, 2);

        await refused.WaitAsync(OurSide.Limit);
        Assert.Equal("late", Assert.Single(await peer.DrainAsync(Queue)).Text());
    }

    // One that is taken in between was a queue's that was full for a moment.
    [Fact]
    public async Task Who_is_refused_now_and_then_keeps_the_connection()
    {
        var clock = new TestClock();
        await using var ours = new OurSide(await TestBroker.CreateVhostAsync(), clock);
        var connections = 0;
        var publisher = ours.Publisher(channel => DeclareFullAtOneAsync(channel, () => connections++));
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);

        for (var hours = 0; hours < 3; hours++)
        {
            await FillAsync(publisher);
            await peer.DrainAsync(Queue);
            await publisher.PublishAsync([Message(Queue, "taken")], CancellationToken.None).WaitAsync(OurSide.Limit);
            clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task What_other_queues_take_meanwhile_does_not_keep_the_connection()
    {
        const string Other = "other";
        await using var ours = await OurSide.CreateAsync();
        var connections = 0;
        var publisher = ours.Publisher(async channel =>
        {
            await DeclareFullAtOneAsync(channel, () => connections++);
            await channel.DeclareQuorumQueueAsync(Other);
        });

        await Eventually.TrueAsync(
            async () =>
            {
                await publisher.TryPublishAsync([Message(Queue, "refused"), Message(Other, "taken")], CancellationToken.None);
                return connections > 1;
            },
            OurSide.Limit, "a second connection");
    }

    // A neighbour's queue may be full for as long as he likes: every other connection is refused the same.
    [Fact]
    public async Task Who_publishes_to_others_keeps_the_connection_for_a_minute()
    {
        var clock = new TestClock();
        await using var ours = new OurSide(await TestBroker.CreateVhostAsync(), clock);
        var connections = 0;
        var publisher = ours.PublisherToOthers(channel => DeclareFullAtOneAsync(channel, () => connections++));

        await FillAsync(publisher);
        // Far from the minute: the clock runs on, and the machine may be busy.
        clock.Advance(TimeSpan.FromSeconds(20));
        await FillAsync(publisher);
        await publisher.WhenReadyAsync(CancellationToken.None);
        Assert.Equal(1, connections);

        clock.Advance(TimeSpan.FromSeconds(50));
        await FillAsync(publisher);
        await publisher.WhenReadyAsync(CancellationToken.None);
        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task What_no_queue_takes_is_unroutable_and_its_neighbours_are_confirmed()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        var outcomes = await publisher.TryPublishAsync([Message(Queue, "1"), Message("missing", "2"), Message(Queue, "3")], CancellationToken.None);

        Assert.Equal([PublishOutcome.Confirmed, PublishOutcome.Unroutable, PublishOutcome.Confirmed], outcomes);
    }

    [Fact]
    public async Task What_has_an_id_of_its_own_is_found_by_it_and_carries_nothing_of_ours()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        var outcomes = await publisher.TryPublishAsync(
            [
                Message(Queue, "1") with { MessageId = "same" }, Message("missing", "2") with { MessageId = "same" }, Message("missing", "3") with { MessageId = "same" },
                Message("missing", "4") with { MessageId = "other" }, Message(Queue, "5") with { MessageId = "other" }, Message("missing", "6"),
            ],
            CancellationToken.None);

        Assert.Equal(
            [PublishOutcome.Confirmed, PublishOutcome.Unroutable, PublishOutcome.Unroutable, PublishOutcome.Unroutable, PublishOutcome.Confirmed, PublishOutcome.Unroutable], outcomes);
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        Assert.Null((await peer.TakeAsync(Queue)).BasicProperties.CorrelationId);
    }

    [Fact]
    public async Task What_is_not_mandatory_is_confirmed_with_and_without_a_queue()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        var outcomes = await publisher.TryPublishAsync(
            [Message("missing", "1") with { IsMandatory = false }, Message(Queue, "2") with { IsMandatory = false }], CancellationToken.None);

        Assert.Equal([PublishOutcome.Confirmed, PublishOutcome.Confirmed], outcomes);
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        Assert.Equal("2", (await peer.TakeAsync(Queue)).Text());
    }

    [Fact]
    public async Task What_a_full_queue_turns_down_is_refused()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => DeclareFullAtOneAsync(channel, () => { }));

        Assert.Equal(PublishOutcome.Refused, await FillAsync(publisher));
    }

    [Fact]
    public async Task What_somebody_deleted_is_declared_again()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.PublishAsync([Message(Queue, "before")], CancellationToken.None);
        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        await peer.Channel.QueueDeleteAsync(Queue);

        await publisher.PublishAsync([Message(Queue, "after")], CancellationToken.None).WaitAsync(OurSide.Limit);

        Assert.Equal("after", (await peer.TakeAsync(Queue)).Text());
    }

    [Fact]
    public async Task Who_stops_waiting_disturbs_nobody()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.PublishAsync([Message(Queue, "0")], CancellationToken.None);

        for (var time = 0; time < 20; time++)
        {
            using var leaving = new CancellationTokenSource();
            var left = publisher.PublishAsync(Messages(Queue, 100), leaving.Token);
            var stayed = publisher.TryPublishAsync(Messages(Queue, 10), CancellationToken.None);
            await leaving.CancelAsync();

            Assert.All(await stayed.WaitAsync(OurSide.Limit), outcome => Assert.Equal(PublishOutcome.Confirmed, outcome));
            await Task.WhenAny(left);
        }

        Assert.True(publisher.IsReady);
    }

    [Fact]
    public async Task Messages_are_persistent_and_carry_their_own_headers_only()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));

        await publisher.PublishAsync(
            [Message(Queue, "{}") with { MessageId = "m-1", Headers = new Dictionary<string, object?> { ["traceparent"] = "00-1-2-01" } }], CancellationToken.None);

        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        var taken = await peer.TakeAsync(Queue);
        Assert.Equal(DeliveryModes.Persistent, taken.BasicProperties.DeliveryMode);
        Assert.Equal(("m-1", "application/json"), (taken.BasicProperties.MessageId, taken.BasicProperties.ContentType));
        Assert.Equal("00-1-2-01", taken.Header("traceparent"));
        // The second is the broker's.
        Assert.Equal(["traceparent", "x-delivery-count"], taken.BasicProperties.Headers!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Connections_closed_by_the_broker_cost_no_message()
    {
        await using var ours = await OurSide.CreateAsync();
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        var server = await TestBroker.ServerAsync();
        await publisher.WhenReadyAsync(CancellationToken.None);

        var publishing = Enumerable.Range(0, 50).Select(batch => publisher.PublishAsync(Messages(Queue, 100, from: batch * 100), CancellationToken.None)).ToList();
        await server.CloseConnectionsAsync(ours.Uri);
        await Task.WhenAll(publishing).WaitAsync(OurSide.Limit);

        await using var peer = await AmqpPeer.ConnectAsync(ours.Uri);
        var stored = (await peer.DrainAsync(Queue)).Select(message => message.Text()).ToHashSet();
        Assert.Equal(5_000, stored.Count);
        await Eventually.TrueAsync(() => publisher.IsReady, OurSide.Limit, "the publisher to be ready again");
    }

    // It may be a message that the broker does not take, and then it goes on like that: an operator has to know why.
    [Fact]
    public async Task Why_the_broker_closed_the_connection_is_said_once_for_each()
    {
        using var log = new CapturedLog(LogLevel.Warning);
        await using var ours = new OurSide(await TestBroker.CreateVhostAsync(), log: log);
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        var tooLarge = Message(Queue, "1") with { Headers = new Dictionary<string, object?> { ["large"] = new byte[200_000] } };

        Assert.Equal([PublishOutcome.Unknown], await publisher.TryPublishAsync([tooLarge], CancellationToken.None).WaitAsync(OurSide.Limit));
        await publisher.PublishAsync([Message(Queue, "2")], CancellationToken.None).WaitAsync(OurSide.Limit);

        Assert.Matches("RabbitMQ at .* closed the connection: FRAME_ERROR - .*frame_too_large.* \\(501\\)", Assert.Single(log.Lines));
    }

    [Fact]
    public async Task A_connection_that_no_longer_confirms_is_replaced_and_the_publish_repeated()
    {
        var uri = new UriBuilder(await TestBroker.CreateVhostAsync());
        await using var relay = new TcpRelay("127.0.0.1", uri.Port);
        await using var peer = await AmqpPeer.ConnectAsync(uri.Uri.AbsoluteUri);
        uri.Port = relay.Port;
        await using var ours = new OurSide(uri.Uri.AbsoluteUri, confirmTimeout: TimeSpan.FromSeconds(1));
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.PublishAsync([Message(Queue, "before")], CancellationToken.None);

        relay.FallSilent();
        var after = publisher.PublishAsync([Message(Queue, "after")], CancellationToken.None);
        await Eventually.TrueAsync(() => !publisher.IsReady, OurSide.Limit, "the silent connection to be given up");
        relay.Restore();
        await after.WaitAsync(OurSide.Limit);

        // The first try may have been stored as well; nobody could know.
        Assert.Equal(["before", "after"], (await peer.DrainAsync(Queue)).Select(message => message.Text()).Distinct());
    }

    [Fact]
    public async Task A_write_that_waits_for_room_is_given_up_with_its_connection()
    {
        var uri = new UriBuilder(await TestBroker.CreateVhostAsync());
        await using var relay = new TcpRelay("127.0.0.1", uri.Port);
        await using var peer = await AmqpPeer.ConnectAsync(uri.Uri.AbsoluteUri);
        uri.Port = relay.Port;
        // No confirm is overdue before this test has failed: only the loss can end the wait.
        await using var ours = new OurSide(uri.Uri.AbsoluteUri, confirmTimeout: 2 * OurSide.Limit);
        var publisher = ours.Publisher(channel => channel.DeclareQuorumQueueAsync(Queue));
        await publisher.WhenReadyAsync(CancellationToken.None);
        var large = Enumerable.Range(0, 300).Select(number => Message(Queue, $"{number} {new string('x', 100_000)}")).ToList();

        relay.FallSilent();
        var publishing = publisher.PublishAsync(large, CancellationToken.None);
        await relay.HoldsAsync().WaitAsync(OurSide.Limit);
        relay.Cut();
        relay.Restore();
        await publishing.WaitAsync(OurSide.Limit);

        Assert.Equal(300, (await peer.DrainAsync(Queue)).Select(message => message.Text().Split(' ')[0]).Distinct().Count());
    }

    private static Task DeclareFullAtOneAsync(IChannel channel, Action declares)
    {
        declares();
        return channel.DeclareQuorumQueueAsync(Queue, ("x-max-length", 1), ("x-overflow", "reject-publish"));
    }

    /// <summary>Publishes until one message is not taken; answers what became of that.</summary>
    private static async Task<PublishOutcome> FillAsync(ConfirmedPublisher publisher)
    {
        var outcome = PublishOutcome.Confirmed;
        // The limit is soft: the queue tells its channels a moment later.
        await Eventually.TrueAsync(
            async () => (outcome = (await publisher.TryPublishAsync([Message(Queue, "one more")], CancellationToken.None))[0]) != PublishOutcome.Confirmed,
            OurSide.Limit, "a queue that is full");
        return outcome;
    }
}
