using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Webhooks.Contracts;

namespace Webhooks.TestKit;

/// <summary>Takes messages out of the parking queue as an operator's tool would; each scenario looks for its own by message id.</summary>
public sealed class ParkedMessages : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<string, ParkedMessage> _byMessageId = new();

    private ParkedMessages(IConnection connection) => _connection = connection;

    public static async Task<ParkedMessages> ConsumeAsync(string amqp)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(amqp) }.CreateConnectionAsync();
        var parked = new ParkedMessages(connection);
        var channel = await connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivered) =>
        {
            // The body's memory is the client's own and is reused.
            parked._byMessageId[delivered.BasicProperties.MessageId ?? ""] =
                new ParkedMessage(delivered.Body.ToArray(), new BasicProperties(delivered.BasicProperties));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(BrokerNames.ParkingQueue, autoAck: true, consumer);
        return parked;
    }

    public async Task<ParkedMessage> WaitForAsync(string messageId)
    {
        await Eventually.TrueAsync(() => _byMessageId.ContainsKey(messageId), TimeSpan.FromSeconds(30), $"Message {messageId} is parked.");
        return _byMessageId[messageId];
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}

/// <summary>A message that the system could not process.</summary>
public sealed record ParkedMessage(byte[] Body, BasicProperties Properties)
{
    public string? Header(string name) =>
        Properties.Headers?.TryGetValue(name, out var value) is true && value is byte[] text ? Encoding.UTF8.GetString(text) : null;
}
