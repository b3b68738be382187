using RabbitMQ.Client;

namespace Webhooks.Broker.Publishing;

/// <summary>One message to publish: always persistent and mandatory.</summary>
/// <param name="Exchange">Where to.</param>
/// <param name="RoutingKey">The shard, or the event's type.</param>
/// <param name="Body">The bytes; must not change until the publish has ended.</param>
public sealed record OutgoingMessage(string Exchange, string RoutingKey, ReadOnlyMemory<byte> Body)
{
    public string? MessageId { get; init; }

    public IDictionary<string, object?>? Headers { get; init; }

    /// <summary>A foreign message's properties, passed on as they are; instead of the members above.</summary>
    public BasicProperties? Properties { get; init; }
}
