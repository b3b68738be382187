using RabbitMQ.Client;

namespace Webhooks.Broker.Publishing;

/// <summary>One message to publish: always persistent.</summary>
/// <param name="Exchange">Where to.</param>
/// <param name="RoutingKey">The shard, or the event's type.</param>
/// <param name="Body">The bytes; must not change until the publish has ended.</param>
public sealed record OutgoingMessage(string Exchange, string RoutingKey, ReadOnlyMemory<byte> Body)
{
    /// <summary>False: it may be confirmed although no queue is there for it.</summary>
    public bool IsMandatory { get; init; } = true;

    public string? MessageId { get; init; }

    public IDictionary<string, object?>? Headers { get; init; }

    /// <summary>All properties, such as a foreign message's, passed on as they are; instead of the id and the headers above.</summary>
    public BasicProperties? Properties { get; init; }

    /// <summary>What it is published with.</summary>
    /// <param name="correlationId">Unless it has properties of its own.</param>
    internal BasicProperties ToProperties(string? correlationId = null)
    {
        var properties = Properties ?? new BasicProperties
        {
            ContentType = "application/json", MessageId = MessageId, CorrelationId = correlationId, Headers = Headers,
        };
        properties.DeliveryMode = DeliveryModes.Persistent;
        return properties;
    }
}
