using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
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
        // What it throws at a write that finds the connection's queue of frames closed already.
        or ChannelClosedException
        || (exception.InnerException is { } inner && IsOurs(inner));

    /// <summary>True when the client ended the connection over something that it cannot read.</summary>
    public static bool IsUnreadable(Exception exception) =>
        exception is OperationInterruptedException { ShutdownReason: { Initiator: ShutdownInitiator.Library } said }
        && said.ReplyCode is (Constants.SyntaxError or Constants.FrameError);

    /// <summary>Which server did what, for an operator's log: <c>RabbitMQ at mq:5672 cannot be reached (Connection refused)</c>.</summary>
    /// <param name="exception">Ours.</param>
    /// <param name="nodes">Every node that may have been asked.</param>
    public static string Describe(Exception exception, params IReadOnlyList<Uri> nodes)
    {
        if (exception is DbException || exception.InnerException is DbException)
        {
            // What is to be declared may have to be read first.
            return $"The database, which says what to declare at RabbitMQ, does not answer ({exception.GetBaseException().Message})";
        }

        return $"RabbitMQ at {string.Join(" or ", nodes.Select(Place))} {Deed(exception)}";
    }

    private static string Place(Uri node)
    {
        var server = new AmqpTcpEndpoint(node);
        return string.Create(CultureInfo.InvariantCulture, $"{server.HostName}:{server.Port}");
    }

    // The innermost exception tells; those around it say what we were doing. But the client tells what the broker said
    // in an exception of its own, and its guess about a refused login in another.
    private static string Deed(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { Initiator: ShutdownInitiator.Peer } said } =>
            $"closed the {(EndsOnlyTheChannel(said) ? "channel" : "connection")}: {said.ReplyText} ({said.ReplyCode})",
        OperationInterruptedException interrupted when IsUnreadable(interrupted) => $"sent what cannot be read: {interrupted.ShutdownReason!.ReplyText}",
        OperationInterruptedException { ShutdownReason.Exception: { } reason } => Deed(reason),
        AuthenticationFailureException => "refuses the user name or password",
        { InnerException: { } inner } => Deed(inner),
        SocketException { SocketErrorCode: not (SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown) } => $"cannot be reached ({exception.Message})",
        TimeoutException or OperationCanceledException => "does not answer in time",
        OperationInterruptedException or SocketException or IOException or ObjectDisposedException or ChannelClosedException => "closed the connection",
        _ => $"does not answer ({exception.Message})",
    };

    // What AMQP 0-9-1 calls soft errors.
    private static bool EndsOnlyTheChannel(ShutdownEventArgs said) => said.ReplyCode
        is Constants.ContentTooLarge or Constants.NoRoute or Constants.NoConsumers
        or Constants.AccessRefused or Constants.NotFound or Constants.ResourceLocked or Constants.PreconditionFailed;
}
