using Webhooks.Broker.Consuming;
using Webhooks.TestKit;
using static Webhooks.Broker.Tests.Reading;

namespace Webhooks.Broker.Tests.Consuming;

/// <summary>However the hand changes: whoever is handed messages begins with the first that nobody has acknowledged, and goes on without a gap.</summary>
public sealed class OrderedConsumerTests : IAsyncLifetime
{
    private const string Queue = "ordered";
    private const ushort Prefetch = 300;
    private const int Group = 100;

    // A consumer looks once a second whether it should have another window.
    private static readonly TimeSpan ALookLater = TimeSpan.FromSeconds(1.2);

    private OurSide _ours = null!;
    private AmqpPeer _peer = null!;
    private int _published;
    private int _done;

    public async ValueTask InitializeAsync()
    {
        _ours = await OurSide.CreateAsync();
        _peer = await AmqpPeer.ConnectAsync(_ours.Uri);
        await _peer.Channel.DeclareQuorumQueueAsync(Queue, ("x-delivery-limit", 1000), ("x-single-active-consumer", true));
    }

    [Fact]
    public async Task A_pause_with_messages_on_their_way_gives_all_back_in_order()
    {
        await PublishAsync(1_500);
        var consumer = Consume(_ours);

        for (var round = 0; round < 5; round++)
        {
            // The acks fetch as many again, which are on their way when the pause comes.
            await WorkAsync(consumer);
            consumer.Pause();
            consumer.Resume();
        }

        await FinishAsync(consumer);
    }

    [Fact]
    public async Task One_that_stands_by_goes_on_where_the_other_gave_back()
    {
        await PublishAsync(1_500);
        await using var others = new OurSide(_ours.Uri);
        var active = Consume(_ours);
        await active.Received.WaitToReadAsync().AsTask().WaitAsync(OurSide.Limit);
        var waiting = Consume(others);
        await Eventually.TrueAsync(async () => await ConsumersAsync() == 2, OurSide.Limit, "the one that stands by");

        for (var round = 0; round < 5; round++)
        {
            await WorkAsync(active);
            active.Pause();
            await Eventually.TrueAsync(async () => await ConsumersAsync() == 1, OurSide.Limit, "the other one's turn");
            active.Resume();
            await Eventually.TrueAsync(async () => await ConsumersAsync() == 2, OurSide.Limit, "this one to stand by");
            (active, waiting) = (waiting, active);
        }

        await FinishAsync(active);
    }

    [Fact]
    public async Task One_that_stops_gives_back_at_once()
    {
        await PublishAsync(1_000);
        await using var others = new OurSide(_ours.Uri);
        using var stop = new CancellationTokenSource();
        var leaving = _ours.Consumer(new ConsumedQueue(Queue, Prefetch, InOrder: true), Declare);
        var consuming = leaving.RunAsync(stop.Token);
        await WorkAsync(leaving);
        var waiting = Consume(others);
        await Eventually.TrueAsync(async () => await ConsumersAsync() == 2, OurSide.Limit, "the one that stands by");

        await stop.CancelAsync();
        await consuming;
        // What it still has in hand may still be done, as long as it holds it.
        Assert.False(waiting.Received.TryPeek(out _));
        Assert.True(leaving.Received.TryRead(out var held));
        Assert.False(held.IsLost);
        await leaving.GiveBackAsync();
        Assert.True(held.IsLost);

        await FinishAsync(waiting);
    }

    // The client ends the connection over it as often as it comes, until the broker drops it.
    [Fact]
    public async Task A_message_that_cannot_be_read_brings_nothing_out_of_its_order()
    {
        const string Few = "few";
        const int Readable = 60;
        Task DeclareAsync(RabbitMQ.Client.IChannel channel) =>
            channel.DeclareQuorumQueueAsync(Few, ("x-delivery-limit", 8), ("x-single-active-consumer", true));
        await DeclareAsync(_peer.Channel);
        foreach (var number in Enumerable.Range(0, Readable))
        {
            if (number == 8)
            {
                await _peer.PublishAsync("", Few, "unreadable"u8.ToArray(), RawProperties.OfUnreadableHeader());
            }

            await _peer.PublishAsync("", Few, $"{number}");
        }

        var consumer = _ours.Consume(new ConsumedQueue(Few, Prefetch: 20, InOrder: true), DeclareAsync);

        var (next, slow) = (0, 3);
        while (next < Readable)
        {
            var message = await consumer.NextAsync();
            if (message.IsLost)
            {
                continue;
            }

            var number = int.Parse(message.Text());
            Assert.True(number <= next, $"{number} came, and {next} has not come yet");
            next = Math.Max(next, number + 1);
            // Some behind it are still worked on when the consumer thinks of another window.
            if (number >= 10 && slow-- > 0)
            {
                var since = TimeProvider.System.GetTimestamp();
                await Eventually.TrueAsync(() => message.IsLost || TimeProvider.System.GetElapsedTime(since) > ALookLater, OurSide.Limit, "another look");
            }

            message.Ack();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _ours.DisposeAsync();
    }

    // The queue's own count leaves out those that wait.
    private async Task<int> ConsumersAsync() => await (await TestBroker.ServerAsync()).ConsumersAsync(_ours.Uri);

    private static Task Declare(RabbitMQ.Client.IChannel channel) => Task.CompletedTask;

    private static QueueConsumer Consume(OurSide side) => side.Consume(new ConsumedQueue(Queue, Prefetch, InOrder: true), Declare);

    private async Task PublishAsync(int count)
    {
        var publisher = _ours.Publisher(Declare);
        await publisher.PublishAsync(Messages(Queue, count), CancellationToken.None);
        _published = count;
    }

    /// <summary>Does a group, and acknowledges it, as a publisher does that has accepted it.</summary>
    private async Task WorkAsync(QueueConsumer consumer)
    {
        var group = new List<ReceivedMessage>();
        while (group.Count < Group && _done + group.Count < _published)
        {
            var message = await consumer.NextAsync();
            var (number, next) = (int.Parse(message.Text()), _done + group.Count);
            Assert.True(number <= next, $"{number} came, and {next} has not come yet");
            if (number == next)
            {
                group.Add(message);
            }
            else
            {
                // Done before, when its channel was lost already: a repeat.
                message.Ack();
            }
        }

        foreach (var message in group)
        {
            message.Ack();
        }

        _done += group.Count;
    }

    private async Task FinishAsync(QueueConsumer consumer)
    {
        while (_done < _published)
        {
            await WorkAsync(consumer);
        }
    }
}
