using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;

namespace Webhooks.Broker;

/// <summary>Makes publishers and consumers, each on the connection its purpose asks for, and says whether the broker is there.</summary>
public sealed class BrokerLinks(BrokerOptions options, TimeProvider clock, ILoggerFactory loggers) : IAsyncDisposable
{
    // Longer than the longest pause between two tries, so that an ordinary loss is none.
    private static readonly TimeSpan CutOffLimit = TimeSpan.FromSeconds(15);

    // A queue of ours that has lost its leader has another one sooner.
    private static readonly TimeSpan MostRefusing = TimeSpan.FromSeconds(1);

    // One of others' that is full refuses for as long as its owner likes, over whatever connection.
    private static readonly TimeSpan MostRefusingOfOthers = TimeSpan.FromMinutes(1);

    private readonly BrokerConnection _consuming = new(options, "consuming", clock, loggers.CreateLogger<BrokerConnection>());
    private readonly List<ConfirmedPublisher> _publishers = [];

    // Some are made while readiness asks.
    private readonly ConcurrentQueue<QueueConsumer> _consumers = new();

    /// <summary>True while every publisher to our own queues could publish now. Consumers share the broker.</summary>
    public bool IsReady => _publishers.TrueForAll(publisher => publisher.IsReady);

    /// <summary>The same, and the broker has answered: what readiness is told.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        !Array.Exists(await Task.WhenAll(_publishers.Select(publisher => publisher.AnswersAsync(cancellationToken))), answers => !answers);

    /// <summary>The queues that are to be consumed, and have not been for so long that the broker's refusal, or its silence, is no passing one.</summary>
    public IReadOnlyList<string> CutOff => [.. _consumers.Where(consumer => consumer.CutOffFor > CutOffLimit).Select(consumer => consumer.Queue).Distinct()];

    /// <param name="purpose">Shown in the broker's list of connections.</param>
    /// <param name="declare">Declares what is published to; run on every new connection.</param>
    public ConfirmedPublisher Publisher(string purpose, Func<IChannel, Task> declare)
    {
        var publisher = New(purpose, declare, MostRefusing);
        _publishers.Add(publisher);
        return publisher;
    }

    /// <summary>For an exchange that others bind queues to. They may confirm late or never, or refuse, so readiness does not ask for it.</summary>
    /// <param name="purpose">Shown in the broker's list of connections.</param>
    /// <param name="declare">Declares what is published to; run on every new connection.</param>
    public ConfirmedPublisher PublisherToOthers(string purpose, Func<IChannel, Task> declare) =>
        New(purpose, declare, MostRefusingOfOthers);

    /// <summary>For queues that may never confirm. Connects when it is first used, and readiness does not ask for it.</summary>
    public LonePublisher LonePublisher(string purpose) =>
        new(new BrokerConnection(options, purpose, clock, loggers.CreateLogger<BrokerConnection>()), options, clock);

    /// <param name="queue">What to consume.</param>
    /// <param name="prefetch">The most that may be in hand.</param>
    /// <param name="declare">Declares the queue; run on every new channel.</param>
    public QueueConsumer Consumer(string queue, ushort prefetch, Func<IChannel, Task> declare) =>
        Consumer(new ConsumedQueue(queue, prefetch), declare);

    /// <param name="queue">What to consume, and how.</param>
    /// <param name="declare">Declares the queue; run on every new channel.</param>
    public QueueConsumer Consumer(ConsumedQueue queue, Func<IChannel, Task> declare)
    {
        var consumer = new QueueConsumer(_consuming, queue, declare, clock, loggers.CreateLogger<QueueConsumer>());
        if (!queue.IsBeside)
        {
            _consumers.Enqueue(consumer);
        }

        return consumer;
    }

    /// <summary>Ends the consumers' connection. A publisher belongs to whoever asked for it.</summary>
    public ValueTask DisposeAsync() => _consuming.DisposeAsync();

    private ConfirmedPublisher New(string purpose, Func<IChannel, Task> declare, TimeSpan mostRefusing) => new(
        new BrokerConnection(options, purpose, clock, loggers.CreateLogger<BrokerConnection>()),
        options, declare, mostRefusing, clock, loggers.CreateLogger<ConfirmedPublisher>());
}
