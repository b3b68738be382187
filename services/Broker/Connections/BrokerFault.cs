using System.Net.Sockets;
using RabbitMQ.Client.Exceptions;

namespace Webhooks.Broker.Connections;

/// <summary>Tells our own fault (the broker is away: reconnect and repeat) from a mistake in our code.</summary>
public static class BrokerFault
{
    /// <summary>True when a new connection may cure it.</summary>
    public static bool IsOurs(Exception exception) =>
        exception is RabbitMQClientException or SocketException or IOException or TimeoutException or ObjectDisposedException
        // The client reports its own time-outs as cancellations of tokens we never gave it.
        or OperationCanceledException
        || (exception.InnerException is { } inner && IsOurs(inner));
}
