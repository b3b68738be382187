using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Webhooks.Broker.Connections;

/// <summary>
/// One connection with a purpose, opened again whenever it is lost. Publishing and consuming each have their own:
/// a broker that blocks publishers stops reading their sockets, and acks must not wait behind that.
/// </summary>
public sealed partial class BrokerConnection(BrokerOptions options, string purpose, TimeProvider clock, ILogger<BrokerConnection> logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    // As much as RabbitMQ takes, however it is configured. At one that is larger than it was told of, the client ends the connection,
    // and its own limit is 64 MiB.
    private const uint LargestBody = 512 * 1024 * 1024;

    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>The open connection, waiting for the broker as long as it takes.</summary>
    public async Task<IConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _connection) is { IsOpen: true } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_connection is { IsOpen: true } opened)
            {
                return opened;
            }

            await DropAsync(_connection);
            var connection = await ConnectAsync(cancellationToken);
            Volatile.Write(ref _connection, connection);
            return connection;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>What a fault of ours was, for the log.</summary>
    public string Describe(Exception fault) => BrokerFault.Describe(fault, options.Nodes);

    /// <summary>Gives a connection up, so that the next <see cref="OpenAsync"/> makes a new one.</summary>
    public async Task DropAsync(IConnection? connection)
    {
        if (connection is null)
        {
            return;
        }

        try
        {
            // A broker that does not answer must not hold us: abort, and never wait for its goodbye.
            await connection.AbortAsync(TimeSpan.FromSeconds(1)).WaitAsync(TimeSpan.FromSeconds(2), clock);
        }
        catch (TimeoutException)
        {
            Log.AbortIgnored(logger, purpose);
        }

        _ = Task.Run(connection.Dispose);
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync(Interlocked.Exchange(ref _connection, null));
        _opening.Dispose();
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = options.Uri,
            ClientProvidedName = $"{options.ClientName} {purpose}",
            // Our loops know what must be repeated after a loss; the client's own recovery would race with them.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
            MaxInboundMessageBodySize = LargestBody,
        };
        // The client asks them in a random order, so that the nodes of a cluster share the connections.
        AmqpTcpEndpoint[] nodes = [.. options.Nodes.Select(node => new AmqpTcpEndpoint(node.Host, node.Port, SslTo(node, factory)))];

        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var connection = await factory.CreateConnectionAsync(nodes, CancellationToken.None).OrUntil(cancellationToken);
                Log.Connected(logger, purpose);
                return connection;
            }
            catch (Exception fault) when (BrokerFault.IsOurs(fault))
            {
                // Who has canceled is told just that, whatever came first.
                cancellationToken.ThrowIfCancellationRequested();
                // Once an outage at a level that is seen.
                Log.Waiting(
                    logger, pause == FirstPause ? LogLevel.Warning : LogLevel.Debug, Describe(fault), purpose, pause.TotalSeconds, LongestPause.TotalSeconds);
                await Task.Delay(pause, clock, cancellationToken);
            }
        }
    }

    // What the URI says of TLS holds for every node, but each proves its own name.
    private static SslOption SslTo(Uri node, ConnectionFactory factory) =>
        factory.Ssl.Enabled ? new SslOption(node.Host, enabled: true) { Version = factory.Ssl.Version, AcceptablePolicyErrors = factory.Ssl.AcceptablePolicyErrors } : new SslOption();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Connected to RabbitMQ for {Purpose}")]
        public static partial void Connected(ILogger logger, string purpose);

        [LoggerMessage(EventId = 2, Message = "{Reason}; connecting for {Purpose} is tried again in {Seconds} s, then at least every {MostSeconds} s")]
        public static partial void Waiting(ILogger logger, LogLevel level, string reason, string purpose, double seconds, double mostSeconds);

        [LoggerMessage(3, LogLevel.Debug, "RabbitMQ did not answer the end of a connection ({Purpose})")]
        public static partial void AbortIgnored(ILogger logger, string purpose);
    }
}
