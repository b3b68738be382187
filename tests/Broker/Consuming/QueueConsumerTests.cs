using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Consuming;
using Webhooks.TestKit;
using static Webhooks.Broker.Tests.Reading;

namespace Webhooks.Broker.Tests.Consuming;

public sealed class QueueConsumerTests : IAsyncLifetime
{
    private const string Queue = "work";

    private OurSide _ours = null!;
    private AmqpPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        _ours = await OurSide.CreateAsync();
        _peer = await AmqpPeer.ConnectAsync(_ours.Uri);
        await _peer.Channel.DeclareQuorumQueueAsync(Queue, ("x-delivery-limit", 1000));
    }

    [Fact]
    public async Task No_more_than_the_prefetch_is_in_hand()
    {
        await PublishAsync(30);
        var consumer = _ours.Consume(Queue, prefetch: 10);

        var inHand = await consumer.NextAsync(10);
        Assert.False(consumer.Received.TryPeek(out _));
        Assert.Equal(20, await _peer.CountAsync(Queue));

        inHand[0].Ack();
        Assert.Equal("10", (await consumer.NextAsync()).Text());
    }

    [Fact]
    public async Task A_pause_keeps_what_is_in_hand_and_takes_no_more_and_nothing_is_handed_over_twice()
    {
        await PublishAsync(30);
        var consumer = _ours.Consume(Queue, prefetch: 10);
        var inHand = await consumer.NextAsync(10);

        consumer.Pause();
        await Eventually.TrueAsync(async () => await ConsumersAsync() == 0, OurSide.Limit, "the consumer to be canceled");
        Assert.False(consumer.IsConsuming);
        foreach (var message in inHand)
        {
            message.Ack();
        }

        // Acknowledged although nothing is consumed, and nothing came in exchange.
        await consumer.FlushAcksAsync();
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 0, OurSide.Limit, "the acks to arrive");
        Assert.Equal(20, await _peer.CountAsync(Queue));
        Assert.False(consumer.Received.TryPeek(out _));

        consumer.Resume();
        var rest = await consumer.NextAsync(10);
        Assert.Equal(Enumerable.Range(10, 10).Select(number => $"{number}"), rest.Select(message => message.Text()));
        Assert.All(rest, message => Assert.False(message.Redelivered));
        Assert.All(rest, message => Assert.Equal(0, message.DeliveryCount));
    }

    // A database that answers and refuses pauses and resumes once a second.
    [Fact]
    public async Task Many_pauses_in_a_row_bring_no_more_in_hand_than_the_prefetch()
    {
        await PublishAsync(60);
        var consumer = _ours.Consume(Queue, prefetch: 10);
        var inHand = await consumer.NextAsync(10);

        for (var round = 0; round < 4; round++)
        {
            consumer.Pause();
            await Eventually.TrueAsync(async () => await ConsumersAsync() == 0, OurSide.Limit, "the consumer to be canceled");
            consumer.Resume();
        }

        // Room for fewer would be a narrow window for long.
        foreach (var message in inHand.Take(5))
        {
            message.Ack();
        }

        await consumer.NextAsync(5);
        Assert.Equal(0, consumer.Free);
        Assert.Equal(45, await _peer.CountAsync(Queue));
        Assert.False(consumer.Received.TryPeek(out _));
    }

    // What cannot be worked off must not keep the rest of the queue waiting.
    [Fact]
    public async Task A_little_room_after_a_pause_is_made_use_of_and_widened_when_there_is_more()
    {
        await PublishAsync(26);
        var consumer = _ours.Consume(Queue, prefetch: 10);
        var inHand = await consumer.NextAsync(10);
        consumer.Pause();
        await Eventually.TrueAsync(async () => await ConsumersAsync() == 0, OurSide.Limit, "the consumer to be canceled");
        foreach (var message in inHand.Take(4))
        {
            message.Ack();
        }

        consumer.Resume();

        await consumer.NextAsync(4);
        Assert.Equal(0, consumer.Free);
        foreach (var message in inHand.Skip(4))
        {
            message.Ack();
        }

        await consumer.NextAsync(6);
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 10, OurSide.Limit, "the acks to arrive");
        Assert.Equal((0, 6), (consumer.Free, await _peer.CountAsync(Queue)));
        Assert.False(consumer.Received.TryPeek(out _));
    }

    [Fact]
    public async Task Many_pauses_in_a_row_lose_and_repeat_nothing()
    {
        var consumer = _ours.Consume(Queue, prefetch: 20);
        var received = new List<string>();
        for (var round = 0; round < 10; round++)
        {
            await PublishAsync(20, from: round * 20);
            var inHand = await consumer.NextAsync(10);
            consumer.Pause();
            consumer.Resume();
            foreach (var message in inHand.Concat(await consumer.NextAsync(10)))
            {
                message.Ack();
                received.Add(message.Text());
            }
        }

        // What was on its way when a pause came has come again, flagged redelivered.
        Assert.Equal(Enumerable.Range(0, 200), received.Select(int.Parse).Order());
        await _peer.WaitForCountAsync(Queue, 0);
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 0, OurSide.Limit, "everything to be acknowledged");
    }

    [Fact]
    public async Task A_new_window_has_its_own_room_and_what_was_in_hand_stays_there()
    {
        await PublishAsync(30);
        var consumer = _ours.Consume(Queue, prefetch: 10);
        var first = await consumer.NextAsync(10);
        Assert.Equal(0, consumer.Free);

        consumer.Renew(3);
        var second = await consumer.NextAsync(3);
        Assert.False(consumer.Received.TryPeek(out _));
        Assert.Equal(17, await _peer.CountAsync(Queue));
        Assert.Equal(0, consumer.Free);

        // Of an earlier window: it makes no room.
        first[0].Ack();
        await consumer.FlushAcksAsync();
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 12, OurSide.Limit, "the ack to arrive");
        Assert.Equal(17, await _peer.CountAsync(Queue));
        Assert.False(consumer.Received.TryPeek(out _));

        second[0].Ack();
        Assert.Equal("13", (await consumer.NextAsync()).Text());
        Assert.Equal(1, await ConsumersAsync());
    }

    [Fact]
    public async Task Many_windows_in_a_row_lose_and_repeat_nothing()
    {
        await PublishAsync(400);
        var consumer = _ours.Consume(Queue, prefetch: 7);
        var received = new List<string>();
        while (received.Count < 400)
        {
            // What was on its way to the window before comes flagged redelivered, and not always in order.
            var message = await consumer.NextAsync();
            received.Add(message.Text());
            message.Ack();
            if (received.Count % 5 == 0)
            {
                consumer.Renew((ushort)(1 + (received.Count % 11)));
            }
        }

        Assert.Equal(Enumerable.Range(0, 400), received.Select(int.Parse).Order());
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 0, OurSide.Limit, "everything to be acknowledged");
        Assert.Equal(0, await _peer.CountAsync(Queue));
    }

    // What it had room for was of a time before it: it begins as it began.
    [Fact]
    public async Task After_a_pause_the_window_is_the_first_one_again()
    {
        await PublishAsync(30);
        var consumer = _ours.Consume(Queue, prefetch: 2);
        var inHand = await consumer.NextAsync(2);
        consumer.Renew(10);
        inHand = [.. inHand, .. await consumer.NextAsync(10)];

        consumer.Pause();
        await Eventually.TrueAsync(async () => await ConsumersAsync() == 0, OurSide.Limit, "the consumer to be canceled");
        Assert.Null(consumer.Free);
        foreach (var message in inHand)
        {
            message.Ack();
        }

        consumer.Resume();

        await consumer.NextAsync(2);
        Assert.Equal(16, await _peer.CountAsync(Queue));
    }

    [Fact]
    public async Task A_connection_closed_by_the_broker_is_made_again_and_what_was_in_hand_comes_back_flagged()
    {
        await PublishAsync(5);
        var consumer = _ours.Consume(Queue, prefetch: 10);
        var lost = await consumer.NextAsync(5);
        lost[0].Ack();
        await consumer.FlushAcksAsync();
        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 4, OurSide.Limit, "the ack to arrive");
        await _peer.DisposeAsync();

        await (await TestBroker.ServerAsync()).CloseConnectionsAsync(_ours.Uri);
        var again = await consumer.NextAsync(4);

        Assert.Equal(["1", "2", "3", "4"], again.Select(message => message.Text()));
        Assert.All(again, message => Assert.True(message.Redelivered));
        Assert.All(again, message => Assert.Equal(1, message.DeliveryCount));

        // An ack of a message that is no longer ours does no harm to the one that took its number.
        lost[3].Ack();
        foreach (var message in again.Take(3))
        {
            message.Ack();
        }

        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 1, OurSide.Limit, "one message left in hand");
        Assert.True(consumer.IsConsuming);
    }

    // Above 64 MiB the client ends the connection, unless it is told not to.
    [Fact]
    public async Task A_message_is_handed_over_however_large_it_is()
    {
        const int Bytes = 65 * 1024 * 1024;
        await _peer.PublishAsync("", Queue, new byte[Bytes]);

        using var log = new CapturedLog(LogLevel.Warning);
        await using var ours = new OurSide(_ours.Uri, log: log);
        var received = ours.Consume(Queue).Received.ReadAsync().AsTask();
        await Eventually.TrueAsync(() => received.IsCompleted || log.Lines.Any(), OurSide.Limit, "the message");

        Assert.Empty(log.Lines);
        Assert.Equal(Bytes, (await received).Body.Length);
    }

    // The client ends the connection over it, as often as it comes, and with each time the broker counts whatever was in hand.
    [Fact]
    public async Task Only_a_message_that_cannot_be_read_is_dropped_over_it()
    {
        const string Few = "few";
        const int Innocents = 100;
        Task DeclareAsync(IChannel channel) => channel.DeclareQuorumQueueAsync(Few, ("x-delivery-limit", 8));
        await DeclareAsync(_peer.Channel);
        foreach (var number in Enumerable.Range(0, Innocents))
        {
            if (number == 10)
            {
                await _peer.PublishAsync("", Few, "unreadable"u8.ToArray(), RawProperties.OfUnreadableHeader());
            }

            await _peer.PublishAsync("", Few, $"{number}");
        }

        using var log = new CapturedLog(LogLevel.Warning);
        await using var ours = new OurSide(_ours.Uri, log: log);
        var consumer = ours.Consume(Few, prefetch: 1_000, DeclareAsync);
        var received = new HashSet<string>();
        while (received.Count < Innocents)
        {
            var message = await consumer.NextAsync();
            received.Add(message.Text());
            message.Ack();
        }

        Assert.DoesNotContain("unreadable", received);
        await Eventually.TrueAsync(
            async () =>
            {
                // Those whose ack was not written yet when the channel was lost come again.
                while (consumer.Received.TryRead(out var again))
                {
                    again.Ack();
                }

                return await ReadyAndInHandAsync(Few) == 0;
            },
            OurSide.Limit, "the queue to be empty");
        Assert.Contains("RabbitMQ at ", log.Lines.First(), StringComparison.Ordinal);
        Assert.Contains(" sent what cannot be read: ", log.Lines.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_loss_before_any_ack_one_message_comes_and_then_more()
    {
        var clock = new TestClock();
        using var log = new CapturedLog(LogLevel.Warning);
        await using var ours = new OurSide(_ours.Uri, clock, log: log);
        var consumer = ours.Consume(Queue, prefetch: 10);
        await PublishAsync(5);
        await consumer.NextAsync(5);
        await _peer.DisposeAsync();

        await (await TestBroker.ServerAsync()).CloseConnectionsAsync(_ours.Uri);
        await ReceivedAsync(6, every: TimeSpan.FromMilliseconds(10));

        _peer = await AmqpPeer.ConnectAsync(_ours.Uri);
        // One, or as many more as seconds have gone by since; what has not come is held back by the broker.
        await Eventually.TrueAsync(async () => await _peer.CountAsync(Queue) == 10 - consumer.ReceivedCount, OurSide.Limit, "the others to be in the queue");
        Assert.Contains("closed by a test", Assert.Single(log.Lines), StringComparison.Ordinal);
        await ReceivedAsync(10, every: TimeSpan.FromSeconds(1));

        Task ReceivedAsync(int count, TimeSpan every) => Eventually.TrueAsync(
            () =>
            {
                clock.Advance(every);
                return consumer.ReceivedCount == count;
            },
            OurSide.Limit, () => $"{count} messages; there were {consumer.ReceivedCount}");
    }

    [Fact]
    public async Task How_often_a_message_was_handed_over_is_for_the_broker_to_say()
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["x-delivery-count"] = 500L } };
        await _peer.PublishAsync("", Queue, "a", properties);

        await using (var leaving = new OurSide(_ours.Uri))
        {
            Assert.Equal(0, (await leaving.Consume(Queue).NextAsync()).DeliveryCount);
        }

        Assert.Equal(1, (await _ours.Consume(Queue).NextAsync()).DeliveryCount);
    }

    [Fact]
    public async Task Acks_in_any_order_all_arrive()
    {
        await PublishAsync(1_000);
        var consumer = _ours.Consume(Queue, prefetch: 1_000);
        var messages = await consumer.NextAsync(1_000);

        await Parallel.ForEachAsync(messages.OrderBy(message => message.Text(), StringComparer.Ordinal), (message, _) =>
        {
            message.Ack();
            return ValueTask.CompletedTask;
        });
        await consumer.FlushAcksAsync();

        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 0, OurSide.Limit, "every ack to arrive");
        Assert.Equal(0, await _peer.CountAsync(Queue));
    }

    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_and_consumed_again()
    {
        var consumer = _ours.Consume(Queue, declare: channel => channel.DeclareQuorumQueueAsync(Queue, ("x-delivery-limit", 1000)));
        await PublishAsync(1);
        (await consumer.NextAsync()).Ack();

        await _peer.Channel.QueueDeleteAsync(Queue);
        await Eventually.TrueAsync(QueueIsConsumedAsync, OurSide.Limit, "the queue to be back");
        await PublishAsync(1, from: 7);

        Assert.Equal("7", (await consumer.NextAsync()).Text());
    }

    [Fact]
    public async Task A_queue_that_was_deleted_and_is_back_at_once_is_consumed_on_another_channel_after_a_silence()
    {
        var clock = new TestClock();
        await using var ours = new OurSide(_ours.Uri, clock);
        // More than are there: a consumer that hears of the deletion begins again with the room that is left.
        var consumer = ours.Consume(Queue, prefetch: 20, channel => channel.DeclareQuorumQueueAsync(Queue, ("x-delivery-limit", 1000)));
        await PublishAsync(10);
        var inHand = await consumer.NextAsync(10);

        await _peer.Channel.QueueDeleteAsync(Queue);
        await _peer.Channel.DeclareQuorumQueueAsync(Queue, ("x-delivery-limit", 1000));
        await _peer.PublishAsync("", Queue, "new");
        await Eventually.TrueAsync(async () => await _peer.CountAsync(Queue) == 0, OurSide.Limit, "the broker to hand it over");

        foreach (var message in inHand)
        {
            message.Ack();
        }

        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(5));
                return consumer.ReceivedCount == 11;
            },
            OurSide.Limit, "the message");
        Assert.Equal("new", (await consumer.NextAsync()).Text());
    }

    // A mistake in our code, for example: whoever reads must not wait for ever for what nobody brings.
    [Fact]
    public async Task A_fault_that_no_other_connection_cures_ends_the_consumer_and_its_reader()
    {
        var consumer = _ours.Consumer(new ConsumedQueue(Queue, Prefetch: 10), _ => throw new InvalidOperationException("a mistake"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => consumer.RunAsync(CancellationToken.None));

        Assert.True(consumer.Received.Completion.IsCompleted);
    }

    [Fact]
    public async Task When_acks_cannot_be_written_by_whatever_fault_the_messages_come_again_on_another_channel()
    {
        var clock = new FailingClock();
        await using var ours = new OurSide(_ours.Uri, clock);
        var consumer = ours.Consume(Queue, prefetch: 2);
        await PublishAsync(4);
        var inHand = await consumer.NextAsync(2);

        clock.FailAt = AckWriter.Interval;
        inHand[0].Ack();

        // The other one is still in hand, and its channel is not given up for its silence.
        foreach (var text in (string[])["0", "1", "2", "3"])
        {
            var message = await consumer.NextAsync();
            Assert.Equal(text, message.Text());
            message.Ack();
        }

        await Eventually.TrueAsync(async () => await UnacknowledgedAsync() == 0, OurSide.Limit, "every ack to arrive");
    }

    [Fact]
    public async Task A_stop_ends_the_reader_and_leaves_the_rest_to_others()
    {
        await PublishAsync(3);
        using var stop = new CancellationTokenSource();
        await using (var leaving = new OurSide(_ours.Uri))
        {
            var consumer = leaving.Consume(Queue);
            (await consumer.NextAsync()).Ack();
            await consumer.FlushAcksAsync();
        }

        var others = await _ours.Consume(Queue).NextAsync(2);
        Assert.Equal(["1", "2"], others.Select(message => message.Text()));
        Assert.All(others, message => Assert.True(message.Redelivered));
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _ours.DisposeAsync();
    }

    private async Task PublishAsync(int count, int from = 0)
    {
        foreach (var number in Enumerable.Range(from, count))
        {
            await _peer.PublishAsync("", Queue, $"{number}");
        }
    }

    private async Task<bool> QueueIsConsumedAsync()
    {
        try
        {
            return await _peer.ConsumersAsync(Queue) == 1;
        }
        catch (OperationInterruptedException)
        {
            // Not there yet; asking closed our channel.
            await _peer.ReopenAsync();
            return false;
        }
    }

    private async Task<int> ConsumersAsync() => await (await TestBroker.ServerAsync()).ConsumersAsync(_ours.Uri);

    private async Task<int> ReadyAndInHandAsync(string queue) =>
        await _peer.CountAsync(queue) + await (await TestBroker.ServerAsync()).UnacknowledgedAsync(_ours.Uri, queue);

    private async Task<int> UnacknowledgedAsync() => await (await TestBroker.ServerAsync()).UnacknowledgedAsync(_ours.Uri, Queue);

    /// <summary>Stands for a mistake of ours: it fails once, when it is asked for a certain time.</summary>
    private sealed class FailingClock : TimeProvider
    {
        public TimeSpan? FailAt { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == FailAt)
            {
                FailAt = null;
                throw new InvalidOperationException("a mistake");
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
