using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Webhooks.TestKit;

/// <summary>A neighbour on the bus: any AMQP client, which knows nothing of us but names.</summary>
public sealed class AmqpPeer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly ConnectionFactory _factory;
    private IConnection _connection;

    private AmqpPeer(ConnectionFactory factory, IConnection connection, IChannel channel) => (_factory, _connection, Channel) = (factory, connection, channel);

    public string UserName => _factory.UserName;

    /// <summary>For what has no method here. Its publishes are confirmed.</summary>
    public IChannel Channel { get; private set; }

    public static async Task<AmqpPeer> ConnectAsync(string uri)
    {
        var factory = new ConnectionFactory
        {
            Uri = new Uri(uri), AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit, HandshakeContinuationTimeout = Limit, RequestedConnectionTimeout = Limit,
        };
        var connection = await factory.CreateConnectionAsync();
        return new AmqpPeer(factory, connection, await OpenChannelAsync(connection));
    }

    /// <summary>Publishes persistent and mandatory; returns when it is confirmed.</summary>
    public Task PublishAsync(string exchange, string routingKey, string body, BasicProperties? properties = null) =>
        PublishAsync(exchange, routingKey, Encoding.UTF8.GetBytes(body), properties);

    public async Task PublishAsync(string exchange, string routingKey, byte[] body, BasicProperties? properties = null)
    {
        properties ??= new BasicProperties { ContentType = "application/json" };
        properties.Persistent = true;
        await Channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body);
    }

    /// <summary>The same with properties that are written as they are; not confirmed, for that would write into them.</summary>
    public async Task PublishAsync(string exchange, string routingKey, byte[] body, RawProperties properties)
    {
        await using var plain = await _connection.CreateChannelAsync();
        await plain.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body);
    }

    /// <summary>Waits for a message and acknowledges it.</summary>
    public async Task<BasicGetResult> TakeAsync(string queue)
    {
        BasicGetResult? taken = null;
        await Eventually.TrueAsync(async () => (taken = await Channel.BasicGetAsync(queue, autoAck: true)) is not null, Limit, $"a message in {queue}");
        return taken!;
    }

    /// <summary>Waits for so many messages and acknowledges them.</summary>
    public async Task<IReadOnlyList<BasicGetResult>> TakeAsync(string queue, int count)
    {
        var taken = new List<BasicGetResult>(count);
        while (taken.Count < count)
        {
            taken.Add(await TakeAsync(queue));
        }

        return taken;
    }

    /// <summary>
    /// Waits for a certain message and takes it, with all that lie before it: what other tests have left. By consuming: from a
    /// queue with a single active consumer nothing can be taken.
    /// </summary>
    public async Task<ConsumedMessage> ConsumeAsync(string queue, Func<ConsumedMessage, bool> isWanted)
    {
        await using var consuming = await _connection.CreateChannelAsync();
        // One at a time: what lies behind it stays.
        await consuming.BasicQosAsync(prefetchSize: 0, prefetchCount: 1, global: false);
        var wanted = new TaskCompletionSource<ConsumedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(consuming);
        consumer.ReceivedAsync += async (_, message) =>
        {
            var consumed = new ConsumedMessage(message.Exchange, message.RoutingKey, new BasicProperties(message.BasicProperties), message.Body.ToArray());
            var isThis = isWanted(consumed);
            if (!wanted.Task.IsCompleted)
            {
                await consuming.BasicAckAsync(message.DeliveryTag, multiple: false);
                if (isThis)
                {
                    wanted.SetResult(consumed);
                }
            }
        };
        await consuming.BasicConsumeAsync(queue, autoAck: false, consumer);
        return await wanted.Task.WaitAsync(Limit);
    }

    /// <summary>Everything that is ready now, acknowledged.</summary>
    public async Task<IReadOnlyList<BasicGetResult>> DrainAsync(string queue)
    {
        var taken = new List<BasicGetResult>();
        while (await Channel.BasicGetAsync(queue, autoAck: true) is { } message)
        {
            taken.Add(message);
        }

        return taken;
    }

    /// <summary>
    /// Is handed the next message so many times and never finishes it, as a consumer that dies would. By consuming: from a
    /// queue with a single active consumer nothing can be taken.
    /// </summary>
    public async Task TouchAsync(string queue, int times = 1)
    {
        var touching = await _connection.CreateChannelAsync();
        await touching.BasicQosAsync(prefetchSize: 0, prefetchCount: 1, global: false);
        var done = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(touching);
        consumer.ReceivedAsync += async (_, message) =>
        {
            if (--times == 0)
            {
                done.SetResult();
            }
            else
            {
                await touching.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true);
            }
        };
        await touching.BasicConsumeAsync(queue, autoAck: false, consumer);
        await done.Task.WaitAsync(Limit);
        await touching.DisposeAsync();
    }

    /// <summary>Is handed so many messages at once, so many times, and finishes none of them, as a consumer that dies would.</summary>
    public async Task HoldAsync(string queue, int messages, int times)
    {
        for (var time = 0; time < times; time++)
        {
            await using var holding = await _connection.CreateChannelAsync();
            await holding.BasicQosAsync(prefetchSize: 0, (ushort)messages, global: false);
            var left = messages;
            var all = new TaskCompletionSource();
            var consumer = new AsyncEventingBasicConsumer(holding);
            consumer.ReceivedAsync += (_, _) =>
            {
                if (--left == 0)
                {
                    all.SetResult();
                }

                return Task.CompletedTask;
            };
            await holding.BasicConsumeAsync(queue, autoAck: false, consumer);
            await all.Task.WaitAsync(Limit);
        }
    }

    /// <summary>Ready messages, those in somebody's hands not counted.</summary>
    public async Task<int> CountAsync(string queue) => (int)(await Channel.QueueDeclarePassiveAsync(queue)).MessageCount;

    /// <summary>How many consume the queue.</summary>
    public async Task<int> ConsumersAsync(string queue) => (int)(await Channel.QueueDeclarePassiveAsync(queue)).ConsumerCount;

    public async Task WaitForCountAsync(string queue, int count)
    {
        var last = -1;
        await Eventually.TrueAsync(async () => (last = await CountAsync(queue)) == count, Limit, () => $"{count} messages in {queue}; there were {last}");
    }

    /// <summary>After the broker closed the channel, for example because a queue does not exist, or the connection, because the queue's leader is gone.</summary>
    public async Task ReopenAsync()
    {
        if (!_connection.IsOpen)
        {
            await _connection.DisposeAsync();
            _connection = await _factory.CreateConnectionAsync();
        }

        Channel = await OpenChannelAsync(_connection);
    }

    public async ValueTask DisposeAsync()
    {
        // A broker that a test has killed says no goodbye.
        await _connection.AbortAsync(TimeSpan.FromSeconds(1));
        await _connection.DisposeAsync();
    }

    private static Task<IChannel> OpenChannelAsync(IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
}

/// <summary>What there is to read in a message that was taken.</summary>
public static class TakenMessage
{
    public static string Text(this BasicGetResult message) => Encoding.UTF8.GetString(message.Body.Span);

    /// <summary>A text header; null when there is none.</summary>
    public static string? Header(this BasicGetResult message, string name) =>
        message.BasicProperties.Headers?.TryGetValue(name, out var value) == true && value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;
}
