using RabbitMQ.Client;
using Webhooks.Contracts;

namespace Webhooks.Broker.Topology;

/// <summary>Exchanges, queues and bindings of commands and their results. Declaring is repeatable, and nothing is ever deleted.</summary>
public static class CallbackTopology
{
    /// <summary>Declares the exchange of commands, the way back of their results, and where a result is parked that we cannot use.</summary>
    public static async Task DeclareAsync(IChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        await channel.ExchangeDeclareAsync(BrokerNames.CommandsExchange, ExchangeType.Topic, durable: true);
        await channel.ExchangeDeclareAsync(BrokerNames.ResultsExchange, ExchangeType.Topic, durable: true);
        await channel.ExchangeDeclareAsync(BrokerNames.CallbackResultExchange, ExchangeType.Fanout, durable: true);

        await BrokerTopology.QueueAsync(channel, BrokerNames.CallbackResultsQueue);
        await channel.QueueBindAsync(BrokerNames.CallbackResultsQueue, BrokerNames.ResultsExchange, routingKey: "#");
        await channel.QueueBindAsync(BrokerNames.CallbackResultsQueue, BrokerNames.CallbackResultExchange, routingKey: "");
        await BrokerTopology.QueueAsync(channel, BrokerNames.ParkingQueue);
    }

    /// <summary>Declares a queue in which commands wait for the service that carries them out, after <see cref="DeclareAsync"/>.</summary>
    public static async Task DeclareCommandsAsync(IChannel channel, string queue, string binding)
    {
        ArgumentNullException.ThrowIfNull(channel);
        await BrokerTopology.QueueAsync(channel, queue);
        await channel.QueueBindAsync(queue, BrokerNames.CommandsExchange, binding);
    }
}
