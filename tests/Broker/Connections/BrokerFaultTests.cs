using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;
using Webhooks.Broker.Connections;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Broker.Tests.Connections;

public sealed class BrokerFaultTests
{
    [Fact]
    public async Task Nobody_at_the_port_is_told_once_with_the_address_and_what_happens_next() => Assert.Equal(
        "RabbitMQ at 127.0.0.1:1 cannot be reached (Connection refused); connecting for consuming is tried again in 0.2 s, then at least every 2 s",
        await WarningAsync(new Uri("amqp://guest:guest@127.0.0.1:1/")));

    [Fact]
    public async Task A_server_that_hangs_up_is_told()
    {
        var uri = new UriBuilder(await TestBroker.CreateVhostAsync());
        await using var relay = new TcpRelay(uri.Host, uri.Port);
        relay.Cut();
        uri.Port = relay.Port;

        Assert.StartsWith($"RabbitMQ at {uri.Host}:{relay.Port} closed the connection;", await WarningAsync(uri.Uri), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_it()
    {
        var uri = new UriBuilder(await TestBroker.CreateVhostAsync()) { Password = "wrong-word" };

        var warning = await WarningAsync(uri.Uri);

        Assert.StartsWith($"RabbitMQ at {uri.Host}:{uri.Port} refuses the user name or password;", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-word", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_virtual_host_that_is_not_there_is_told()
    {
        var uri = new UriBuilder(await TestBroker.CreateVhostAsync()) { Path = "/nowhere" };

        using var log = new CapturedLog();
        using var loggers = new LoggerFactory([log]);
        await using var links = new BrokerLinks(new BrokerOptions { Uri = uri.Uri, ClientName = "tests" }, TimeProvider.System, loggers);
        // The client thinks that it is connected before the broker has looked for the virtual host.
        await using var publisher = links.Publisher("publishing", _ => Task.CompletedTask);

        await Eventually.TrueAsync(
            () => log.Lines.Any(line => line.Contains(
                $"RabbitMQ at {uri.Host}:{uri.Port} closed the connection: NOT_ALLOWED - vhost nowhere not found (530); opening a channel", StringComparison.Ordinal)),
            OurSide.Limit, () => string.Join('\n', log.Lines));
    }

    [Fact]
    public async Task What_the_broker_says_about_a_channel_or_connection_is_passed_on()
    {
        var broker = new Uri(await TestBroker.CreateVhostAsync());
        var peer = await AmqpPeer.ConnectAsync(broker.ToString());
        var missing = await Assert.ThrowsAnyAsync<OperationInterruptedException>(() => peer.Channel.QueueDeclarePassiveAsync("missing"));
        var closed = await Assert.ThrowsAnyAsync<AlreadyClosedException>(() => peer.Channel.QueueDeclarePassiveAsync("missing"));

        foreach (var fault in new[] { missing, closed })
        {
            Assert.Matches("^RabbitMQ at [0-9.:]+ closed the channel: NOT_FOUND - no queue 'missing' in vhost '.*' \\(404\\)$", BrokerFault.Describe(fault, broker));
        }
    }

    [Fact]
    public void Time_and_the_stream_s_end_are_told()
    {
        var broker = new Uri("amqp://guest:guest@rabbit.example/");

        Assert.Equal("RabbitMQ at rabbit.example:5672 does not answer in time", BrokerFault.Describe(new TaskCanceledException(), broker));
        Assert.Equal("RabbitMQ at rabbit.example:5672 does not answer in time", BrokerFault.Describe(new TimeoutException(), broker));
        Assert.Equal("RabbitMQ at rabbit.example:5672 closed the connection", BrokerFault.Describe(new AggregateException(new IOException("x", new EndOfStreamException())), broker));
        Assert.Equal("RabbitMQ at rabbit.example:5672 closed the connection", BrokerFault.Describe(new ObjectDisposedException("channel"), broker));
    }

    // Seen where a publish came right after a kill: it would have ended whoever published.
    [Fact]
    public void A_write_that_finds_the_client_s_queue_closed_is_our_fault()
    {
        Assert.True(BrokerFault.IsOurs(new ChannelClosedException()));
        Assert.Equal("RabbitMQ at mq:5672 closed the connection", BrokerFault.Describe(new ChannelClosedException(), new Uri("amqp://mq/")));
        Assert.False(BrokerFault.IsOurs(new InvalidOperationException()));
    }

    private static async Task<string> WarningAsync(Uri broker)
    {
        using var log = new CapturedLog();
        using var loggers = new LoggerFactory([log]);
        using var stop = new CancellationTokenSource();
        await using var connection = new BrokerConnection(
            new BrokerOptions { Uri = broker, ClientName = "tests" }, "consuming", TimeProvider.System, loggers.CreateLogger<BrokerConnection>());

        var opening = connection.OpenAsync(stop.Token);
        await Eventually.TrueAsync(() => log.Lines.Any(), OurSide.Limit, "a line in the log");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);

        const string start = "Warning Webhooks.Broker.Connections.BrokerConnection ";
        return Assert.Single(log.Lines, line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..].Trim();
    }
}
