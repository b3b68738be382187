using RabbitMQ.Client;

namespace Webhooks.TestKit;

/// <summary>A message that was consumed; a copy, for the client's own memory is reused.</summary>
public sealed record ConsumedMessage(string Exchange, string RoutingKey, BasicProperties Properties, byte[] Body);
