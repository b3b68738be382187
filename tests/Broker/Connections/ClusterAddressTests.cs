using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Broker.Connections;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Connections;

public sealed class ClusterAddressTests
{
    private static readonly Uri Nobody = new("amqp://guest:guest@127.0.0.1:1/");

    // In a random order: a connection that asked only one of them would fail in most of the times.
    [Fact]
    public async Task A_connection_is_made_to_the_node_that_answers()
    {
        var uri = new Uri(await TestBroker.CreateVhostAsync());
        var options = new BrokerOptions
        {
            Uri = uri, Nodes = [new UriBuilder(uri) { Port = 1 }.Uri, uri, new UriBuilder(uri) { Port = 2 }.Uri], ClientName = "tests",
        };

        for (var time = 0; time < 10; time++)
        {
            using var log = new CapturedLog();
            using var loggers = new LoggerFactory([log]);
            await using var connection = new BrokerConnection(options, "consuming", TimeProvider.System, loggers.CreateLogger<BrokerConnection>());

            Assert.True((await connection.OpenAsync(CancellationToken.None).WaitAsync(OurSide.Limit)).IsOpen);
            Assert.DoesNotContain(log.Lines, line => line.Contains("Warning", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_fault_names_every_node() => Assert.Equal(
        "RabbitMQ at 127.0.0.1:1 or mq2:5672 does not answer in time",
        BrokerFault.Describe(new TimeoutException(), Nobody, new Uri("amqp://mq2/")));
}
