using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests;

/// <summary>Publishers and consumers as a service has them, on a virtual host of the test's own.</summary>
internal sealed class OurSide : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly LoggerFactory _loggers;
    private readonly BrokerLinks _links;
    private readonly List<ConfirmedPublisher> _publishers = [];
    private readonly List<LonePublisher> _others = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _consuming = [];

    public OurSide(string uri, TimeProvider? clock = null, TimeSpan? confirmTimeout = null, CapturedLog? log = null)
    {
        Uri = uri;
        var options = new BrokerOptions
        {
            Uri = new Uri(uri),
            ClientName = "tests",
            // Longer than a busy machine needs; a test that wants it to pass says so.
            ConfirmTimeout = confirmTimeout ?? TimeSpan.FromMinutes(1),
        };
        _loggers = new LoggerFactory(log is null ? [] : [log]);
        _links = new BrokerLinks(options, clock ?? TimeProvider.System, _loggers);
    }

    public string Uri { get; }

    public bool IsReady => _links.IsReady;

    public IReadOnlyList<string> CutOff => _links.CutOff;

    public Task<bool> AnswersAsync() => _links.AnswersAsync(CancellationToken.None);

    public static async Task<OurSide> CreateAsync() => new(await TestBroker.CreateVhostAsync());

    /// <summary>A publisher that declares everything, unless the test declares something else.</summary>
    public ConfirmedPublisher Publisher(Func<IChannel, Task>? declare = null)
    {
        var publisher = _links.Publisher("publishing", declare ?? (channel => BrokerTopology.DeclareAsync(channel, shards: 2)));
        _publishers.Add(publisher);
        return publisher;
    }

    public ConfirmedPublisher PublisherToOthers(Func<IChannel, Task> declare)
    {
        var publisher = _links.PublisherToOthers("publishing to others", declare);
        _publishers.Add(publisher);
        return publisher;
    }

    /// <summary>For queues that may never confirm; ends with the test.</summary>
    public LonePublisher LonePublisher()
    {
        var publisher = _links.LonePublisher("proving");
        _others.Add(publisher);
        return publisher;
    }

    /// <summary>A consumer that runs until the test ends.</summary>
    public QueueConsumer Consume(string queue, ushort prefetch = 100, Func<IChannel, Task>? declare = null) =>
        Consume(new ConsumedQueue(queue, prefetch), declare ?? (channel => BrokerTopology.DeclareAsync(channel, shards: 2)));

    /// <summary>A consumer that runs until the test ends.</summary>
    public QueueConsumer Consume(ConsumedQueue queue, Func<IChannel, Task> declare)
    {
        var consumer = Consumer(queue, declare);
        _consuming.Add(consumer.RunAsync(_stop.Token));
        return consumer;
    }

    /// <summary>A consumer that the test runs.</summary>
    public QueueConsumer Consumer(ConsumedQueue queue, Func<IChannel, Task> declare) => _links.Consumer(queue, declare);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_consuming);
        foreach (var publisher in _publishers)
        {
            await publisher.DisposeAsync();
        }

        foreach (var other in _others)
        {
            await other.DisposeAsync();
        }

        await _links.DisposeAsync();
        _loggers.Dispose();
        _stop.Dispose();
    }
}

/// <summary>What a test does with a consumer's messages.</summary>
internal static class Reading
{
    public static async Task<ReceivedMessage> NextAsync(this QueueConsumer consumer) =>
        await consumer.Received.ReadAsync().AsTask().WaitAsync(OurSide.Limit);

    public static async Task<IReadOnlyList<ReceivedMessage>> NextAsync(this QueueConsumer consumer, int count)
    {
        var messages = new List<ReceivedMessage>(count);
        while (messages.Count < count)
        {
            messages.Add(await consumer.NextAsync());
        }

        return messages;
    }

    public static string Text(this ReceivedMessage message) => System.Text.Encoding.UTF8.GetString(message.Body);

    /// <summary>A quorum queue of a test's own.</summary>
    public static Task DeclareQuorumQueueAsync(this IChannel channel, string queue, params (string Name, object Value)[] arguments) =>
        channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?>(arguments.Select(argument => KeyValuePair.Create(argument.Name, (object?)argument.Value))) { ["x-queue-type"] = "quorum" });

    public static OutgoingMessage Message(string queue, string text) => new("", queue, System.Text.Encoding.UTF8.GetBytes(text));

    public static IReadOnlyList<OutgoingMessage> Messages(string queue, int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(number => Message(queue, $"{number}"))];
}
