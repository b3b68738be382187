using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Owed;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Hands;

/// <summary>What may be in hand is counted in deliveries, though the broker counts messages.</summary>
public sealed class QueueHandTests : IAsyncLifetime
{
    private const int Most = 160;
    private static readonly string Queue = BrokerNames.DeliveriesQueue(0);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<DeliveryInHand> _inHand = [];
    private World _world = null!;
    private BrokerLinks _links = null!;
    private QueueConsumer _consumer = null!;
    private QueueHand _hand = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _links = new BrokerLinks(
            new BrokerOptions { Uri = new Uri(_world.Settings().Single(setting => setting.Key == "ConnectionStrings:RabbitMq").Value), ClientName = "tests" },
            TimeProvider.System, NullLoggerFactory.Instance);
        _consumer = _links.Consumer(Queue, WindowFit.First(Most, inHand: 0, Announcement.MostTogether), channel => BrokerTopology.DeclareAsync(channel, shards: 1));
        _hand = new QueueHand(_consumer, QueuePosition.OfFirstAttempts(), Most);
    }

    [Fact]
    public async Task Full_messages_fill_it_and_no_more_come()
    {
        await PublishAsync(messages: 40, together: 16);
        Start();

        await HaveInHandAsync(Most);
        await AssertNothingComesAsync();
        Assert.Equal(10, await _world.UnacknowledgedAsync(Queue));
    }

    [Fact]
    public async Task Small_messages_fill_it_as_well()
    {
        await PublishAsync(messages: 400, together: 1);
        Start();

        // Another window for less than an eighth of it is not worth while.
        await HaveInHandAsync(Most * 7 / 8);
        await AssertNothingComesAsync();
        Assert.InRange(_inHand.Count, Most * 7 / 8, Most + (Most / 8));
    }

    // One of each is slow: their messages stay in hand, and leave room for others.
    [Fact]
    public async Task Messages_that_wait_for_one_delivery_do_not_use_it_up()
    {
        await PublishAsync(messages: 400, together: 16);
        Start();

        var messages = new HashSet<MessageInHand>();
        await Eventually.TrueAsync(
            () =>
            {
                Take();
                Finish([.. _inHand.Where(delivery => !messages.Add(delivery.Of) && _inHand.First(first => first.Of == delivery.Of) != delivery)]);
                return messages.Count >= 100;
            },
            World.Limit, () => $"100 messages in hand; there were {messages.Count}");

        Assert.True(await _world.UnacknowledgedAsync(Queue) >= 100);
    }

    // A wide window, of small messages, and then full ones: it is made narrower as they come.
    [Fact]
    public async Task It_is_never_much_fuller_than_it_may_be_when_messages_become_larger()
    {
        await PublishAsync(messages: 500, together: 1);
        await PublishAsync(messages: 200, together: 16);
        Start();
        var finished = 0;
        await Eventually.TrueAsync(
            () =>
            {
                Take();
                var small = _inHand.Where(delivery => delivery.Of.IsAlone).ToList();
                finished += small.Count;
                Finish(small);
                return finished == 500;
            },
            World.Limit, () => $"all small ones; there were {finished}");

        await HaveInHandAsync(Most * 7 / 8);
        await AssertNothingComesAsync();
        // Two windows may be on their way whose size was judged by the small ones: each is an eighth of the hand, in messages of sixteen.
        Assert.InRange(_inHand.Count, Most * 7 / 8, 5 * Most);
    }

    // A database that answers and refuses pauses and resumes once a second, for as long as it takes to find another disk.
    [Fact]
    public async Task Pauses_bring_nothing_more_while_it_is_full()
    {
        await PublishAsync(messages: 40, together: 16);
        Start();
        await HaveInHandAsync(Most);

        for (var round = 0; round < 5; round++)
        {
            _consumer.Pause();
            await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 0, World.Limit, "the consumer to be canceled");
            _consumer.Resume();
        }

        // What a window holds that began in between has come by then.
        await AssertNothingComesAsync();
        Assert.Equal(Most, _inHand.Count);

        Finish([.. _inHand]);
        await HaveInHandAsync(Most);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _links.DisposeAsync();
        _stop.Dispose();
        await _world.DisposeAsync();
    }

    private async Task PublishAsync(int messages, int together)
    {
        for (var message = 0; message < messages; message++)
        {
            await _world.Bus.PublishAsync(BrokerNames.DeliveriesExchange, "0", Announcement.Write(
                [.. Enumerable.Range(0, together).Select(_ => new DeliveryMessage(Guid.NewGuid(), DateTimeOffset.UnixEpoch, 1, DateTimeOffset.UnixEpoch, Traceparent: null))]));
        }
    }

    private void Start() => _running = Task.WhenAll(_consumer.RunAsync(_stop.Token), TakeInAsync());

    private async Task TakeInAsync()
    {
        while (await _consumer.Received.ReadGroupAsync(100, TimeSpan.Zero, TimeProvider.System, CancellationToken.None) is { } group)
        {
            Assert.All(group, received => Assert.True(_hand.TryTake(received, out _)));
        }
    }

    private void Take()
    {
        while (_hand.Waiting.TryRead(out var delivery))
        {
            _inHand.Add(delivery);
        }
    }

    private void Finish(IReadOnlyCollection<DeliveryInHand> deliveries)
    {
        foreach (var delivery in deliveries)
        {
            delivery.Finish();
        }

        _inHand.RemoveAll(delivery => delivery.IsFinished);
    }

    private Task HaveInHandAsync(int deliveries) => Eventually.TrueAsync(
        () =>
        {
            Take();
            return _inHand.Count >= deliveries;
        },
        World.Limit, () => $"{deliveries} deliveries in hand; there were {_inHand.Count}");

    /// <summary>The broker has handed over all that it may: what it holds back it holds back for good.</summary>
    private async Task AssertNothingComesAsync()
    {
        var (looks, unacknowledged) = (0, 0);
        await Eventually.TrueAsync(
            async () =>
            {
                var now = await _world.UnacknowledgedAsync(Queue);
                looks = now == unacknowledged ? looks + 1 : 0;
                unacknowledged = now;
                return looks == 10;
            },
            World.Limit, "nothing to come any more");
        Take();
        Assert.True(await _world.Bus.CountAsync(Queue) > 0, "Nothing was held back.");
    }
}
