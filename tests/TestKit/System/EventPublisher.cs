using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;
using Webhooks.Contracts;

namespace Webhooks.TestKit;

/// <summary>
/// A careful neighbour that publishes events with any AMQP client: persistent, mandatory, confirmed; what the broker did
/// not confirm is published again, on a new connection when the old one is lost.
/// </summary>
public sealed class EventPublisher(string amqp) : IAsyncDisposable
{
    private const int InFlight = 64;

    // A restarted broker confirms within seconds; a confirm that is still missing then was lost with its connection.
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _connecting = new(1);
    private IConnection? _connection;
    private IChannel? _channel;

    /// <summary>True: an event for which there is no queue is published again, until there is one. Else that is the test's failure.</summary>
    public bool WaitsForQueues { get; init; }

    /// <summary>Publishes an event; its type is the routing key.</summary>
    public Task PublishAsync(TestEvent published) => PublishAsync(published.Body, published.Type);

    /// <summary>Many at once, in no particular order.</summary>
    public Task PublishAsync(IEnumerable<TestEvent> events, CancellationToken cancellationToken = default) => Parallel.ForEachAsync(
        events,
        new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken },
        async (published, _) => await PublishAsync(published));

    /// <summary>Publishes any bytes; returns when the broker has them for good.</summary>
    /// <param name="body">The message.</param>
    /// <param name="routingKey">An event's type.</param>
    /// <param name="properties">Made persistent; JSON when null.</param>
    /// <param name="exchange">The events' exchange when null.</param>
    public async Task PublishAsync(
        ReadOnlyMemory<byte> body, string routingKey, BasicProperties? properties = null, string exchange = BrokerNames.EventsExchange)
    {
        properties ??= new BasicProperties { ContentType = "application/json" };
        properties.Persistent = true;
        using var limit = new CancellationTokenSource(GiveUp);
        while (!await TryPublishAsync(exchange, routingKey, properties, body, limit.Token))
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await AbandonAsync(_connection);
        }

        _connecting.Dispose();
    }

    private async Task<bool> TryPublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken giveUp)
    {
        var channel = await ChannelAsync(giveUp);
        try
        {
            // Not with a token, which would corrupt the client's tracking of confirms; the wait is bounded from outside.
            await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, CancellationToken.None)
                .AsTask().WaitAsync(ConfirmLimit, CancellationToken.None);
            return true;
        }
        catch (PublishException failure) when (failure.IsReturn && WaitsForQueues)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), giveUp);
            return false;
        }
        catch (PublishException failure) when (failure.IsReturn)
        {
            throw new InvalidOperationException($"Nothing is bound to {exchange} for {routingKey}.", failure);
        }
        catch (Exception failure) when (failure is AlreadyClosedException or OperationInterruptedException or PublishException
            or TimeoutException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            await DropAsync(channel);
            return false;
        }
    }

    private async Task<IChannel> ChannelAsync(CancellationToken giveUp)
    {
        await _connecting.WaitAsync(giveUp);
        try
        {
            while (_channel is not { IsOpen: true })
            {
                await ConnectAsync(giveUp);
            }

            return _channel;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task ConnectAsync(CancellationToken giveUp)
    {
        try
        {
            var nodes = BrokerAddress.TryRead(amqp) ?? throw new UriFormatException($"{amqp} is not an AMQP URI.");
            var factory = new ConnectionFactory
            {
                Uri = nodes[0],
                AutomaticRecoveryEnabled = false,
                // A broker that stands still is asked again soon.
                RequestedConnectionTimeout = ConfirmLimit,
                ContinuationTimeout = ConfirmLimit,
                HandshakeContinuationTimeout = ConfirmLimit,
            };
            _connection = await factory.CreateConnectionAsync(nodes.Select(node => new AmqpTcpEndpoint(node)), giveUp);
            _channel = await _connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), giveUp);
        }
        catch (Exception failure) when (failure is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException
            or IOException or TimeoutException || (failure is OperationCanceledException && !giveUp.IsCancellationRequested))
        {
            // The broker is starting again.
            await Task.Delay(TimeSpan.FromMilliseconds(100), giveUp);
        }
    }

    private static async Task AbandonAsync(IConnection connection)
    {
        await connection.AbortAsync(TimeSpan.FromSeconds(1));
        await connection.DisposeAsync();
    }

    private async Task DropAsync(IChannel channel)
    {
        await _connecting.WaitAsync();
        try
        {
            // Only the first of those who failed on it.
            if (_channel == channel)
            {
                _channel = null;
                // Not waited for: a broker that stands still says no goodbye.
                _ = AbandonAsync(_connection!);
            }
        }
        finally
        {
            _connecting.Release();
        }
    }
}
