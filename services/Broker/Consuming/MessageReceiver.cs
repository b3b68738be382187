using RabbitMQ.Client;
using Webhooks.Broker.Consuming.Windows;

namespace Webhooks.Broker.Consuming;

/// <summary>What RabbitMQ's client calls for one window of a queue: it takes each message in hand, and copies it out of the client's buffer.</summary>
internal sealed class MessageReceiver(IChannel channel, string queue, ConsumerWindow window, ReceivedMessages received)
    : AsyncDefaultBasicConsumer(channel)
{
    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        received.CountOne();
        window.Took();
        // Properties are a view of the client's buffer, as the body is, which is only ours during the call: only a copy outlives it.
        received.Add(new ReceivedMessage(window, deliveryTag, queue, redelivered, new BasicProperties(properties), body.ToArray()));
        return Task.CompletedTask;
    }

    /// <summary>The broker ended the consumer, for example because its queue was deleted: start over.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        window.End();
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }
}
