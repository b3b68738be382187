using RabbitMQ.Client;

namespace Webhooks.Broker.Connections;

/// <summary>
/// Asks the broker behind a connection for a sign of life, and whether it takes messages. Connections of a broker that has stopped
/// stay open until their heartbeats or confirms are missed, which takes ten seconds; a load balancer should know sooner.
/// </summary>
internal sealed class BrokerProbe(IConnection connection, TimeProvider clock)
{
    /// <summary>Long enough for a broker that is only busy; with <see cref="FreshFor"/> still less than five seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Readiness may be asked for many times a second.
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private IChannel? _channel;
    private Task _asking = Task.CompletedTask;
    private long? _askedAt;

    /// <summary>False: it has not answered in time. One question is under way at a time, whoever waits for it.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        Task asking;
        TimeSpan waited;
        lock (_lock)
        {
            if (_askedAt is not { } last || (_asking.IsCompleted && clock.GetElapsedTime(last) >= FreshFor))
            {
                (_asking, _askedAt) = (Task.Run(AskAsync, CancellationToken.None), clock.GetTimestamp());
            }

            (asking, waited) = (_asking, clock.GetElapsedTime(_askedAt.Value));
        }

        try
        {
            await asking.WaitAsync(waited < Patience ? Patience - waited : TimeSpan.Zero, clock, cancellationToken);
            return true;
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task AskAsync()
    {
        try
        {
            // A channel of its own: on others the answer may have to wait behind messages to a queue that is slow.
            if (_channel is not { IsOpen: true })
            {
                _channel = await connection.CreateChannelAsync();
            }

            // The broker blocks a connection in an alarm when something is published over it, and not before: without this a service
            // that is idle would look ready. No queue has an empty name, so this goes nowhere.
            await _channel.BasicPublishAsync("", routingKey: "", mandatory: false, ReadOnlyMemory<byte>.Empty);

            // The cheapest question that has an answer; nothing is consumed here.
            await _channel.BasicQosAsync(prefetchSize: 0, prefetchCount: 1, global: false);
        }
        catch
        {
            // Its late answer would be taken for the next question's.
            _channel = null;
            throw;
        }
    }
}
