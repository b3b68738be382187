using RabbitMQ.Client;
using Webhooks.Contracts;

namespace Webhooks.Broker.Topology;

/// <summary>
/// Every exchange, queue, argument and binding of the hot path, and nothing else. Declaring is repeatable; nothing here
/// is ever deleted: a queue that is deleted while delayed messages return to it stalls its delay queue for minutes.
/// </summary>
public static class BrokerTopology
{
    /// <summary>3.10 has no default, 4.x a low one: explicit everywhere. Our own code parks long before.</summary>
    private const int DeliveryLimit = 1000;

    /// <summary>Deliveries of one message after which our own code must be what fails on it: it is parked.</summary>
    public const int PoisonCount = 20;

    /// <summary>Declares everything but the delay queues.</summary>
    /// <param name="channel">An open channel; closed by the broker if an existing queue has other arguments.</param>
    /// <param name="shards">How many delivery and retry queues there are.</param>
    public static async Task DeclareAsync(IChannel channel, int shards)
    {
        await channel.ExchangeDeclareAsync(BrokerNames.EventsExchange, ExchangeType.Topic, durable: true);
        await channel.ExchangeDeclareAsync(BrokerNames.DomainEventExchange, ExchangeType.Fanout, durable: true);
        await channel.ExchangeDeclareAsync(BrokerNames.DeliveriesExchange, ExchangeType.Direct, durable: true);
        await channel.ExchangeDeclareAsync(BrokerNames.RetriesExchange, ExchangeType.Direct, durable: true);
        await DeclareNotificationsAsync(channel);

        await QueueAsync(channel, BrokerNames.PublisherQueue, ("x-single-active-consumer", true));
        await channel.QueueBindAsync(BrokerNames.PublisherQueue, BrokerNames.EventsExchange, routingKey: "#");
        await channel.QueueBindAsync(BrokerNames.PublisherQueue, BrokerNames.DomainEventExchange, routingKey: "");

        await DeclareParkingAsync(channel);

        for (var shard = 0; shard < shards; shard++)
        {
            await QueueAsync(channel, BrokerNames.DeliveriesQueue(shard));
            await channel.QueueBindAsync(BrokerNames.DeliveriesQueue(shard), BrokerNames.DeliveriesExchange, Shard.RoutingKey(shard));
            await QueueAsync(channel, BrokerNames.RetriesQueue(shard));
            await channel.QueueBindAsync(BrokerNames.RetriesQueue(shard), BrokerNames.RetriesExchange, Shard.RoutingKey(shard));
        }
    }

    /// <summary>Declares the queue of what our own code could not process.</summary>
    public static Task DeclareParkingAsync(IChannel channel) => QueueAsync(channel, BrokerNames.ParkingQueue);

    /// <summary>Declares the exchange to which neighbours bind queues of their own.</summary>
    public static Task DeclareNotificationsAsync(IChannel channel) =>
        channel.ExchangeDeclareAsync(BrokerNames.NotificationsExchange, ExchangeType.Topic, durable: true);

    /// <summary>
    /// Declares the queue that holds a message for exactly this delay and hands it to its shard's retry queue.
    /// One queue per distinct delay keeps each in order of expiry, so that no long wait stands before a short one.
    /// </summary>
    public static async Task DeclareDelayAsync(IChannel channel, TimeSpan delay)
    {
        var milliseconds = (long)delay.TotalMilliseconds;
        var name = BrokerNames.Delay(milliseconds);
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true);
        await QueueAsync(
            channel,
            name,
            ("x-message-ttl", milliseconds),
            // No dead-letter routing key: the message keeps its own, which is its shard.
            ("x-dead-letter-exchange", BrokerNames.RetriesExchange),
            // All three are needed for a hand-over that cannot lose: a quorum queue, this strategy, and reject-publish.
            ("x-dead-letter-strategy", "at-least-once"),
            ("x-overflow", "reject-publish"));
        await channel.QueueBindAsync(name, name, routingKey: "");
    }

    /// <summary>A quorum queue with the limit that all of ours have.</summary>
    internal static Task<QueueDeclareOk> QueueAsync(IChannel channel, string name, params (string Name, object Value)[] arguments)
    {
        var all = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = DeliveryLimit,
        };
        foreach (var (argument, value) in arguments)
        {
            all[argument] = value;
        }

        return channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, all);
    }
}
