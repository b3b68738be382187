using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Notices;

/// <summary>A plain AMQP client with a queue of its own that is bound to every notification.</summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly IConnection _connection;
    private readonly ConcurrentQueue<Notification> _heard = new();

    private Neighbour(IConnection connection) => _connection = connection;

    public static async Task<Neighbour> ListenAsync(string amqp)
    {
        var neighbour = new Neighbour(await new ConnectionFactory { Uri = new Uri(amqp), HandshakeContinuationTimeout = Limit, ContinuationTimeout = Limit }.CreateConnectionAsync());
        var channel = await neighbour._connection.CreateChannelAsync();
        var queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, BrokerNames.NotificationsExchange, routingKey: "#");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivered) =>
        {
            neighbour._heard.Enqueue(JsonSerializer.Deserialize<Notification>(delivered.Body.Span)!);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return neighbour;
    }

    /// <summary>What a tenant's deliveries and subscriptions gave rise to, each once.</summary>
    public IReadOnlyList<Notification> Of(string tenantId) => [.. _heard.Where(heard => heard.TenantId == tenantId).DistinctBy(heard => heard.Id)];

    public async Task<IReadOnlyList<Notification>> WaitForAsync(string tenantId, int count)
    {
        await Eventually.TrueAsync(
            () => Of(tenantId).Count >= count, Limit, () => $"{count} notifications of {tenantId}; there were {Of(tenantId).Count}");
        return Of(tenantId);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
