using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Tests.Connections;

public sealed class BrokerAddressTests
{
    [Theory]
    [InlineData("amqp://mq", "amqp://mq/")]
    [InlineData("amqp://user:pw@mq:5672/vhost", "amqp://user:pw@mq:5672/vhost")]
    [InlineData("amqps://user:pw@mq1:5671,mq2/a%2Fb", "amqps://user:pw@mq1:5671/a%2Fb amqps://user:pw@mq2/a%2Fb")]
    [InlineData("amqp://user:p,w@mq1:1,mq2:2,[::1]:3/?heartbeat=5", "amqp://user:p,w@mq1:1/?heartbeat=5 amqp://user:p,w@mq2:2/?heartbeat=5 amqp://user:p,w@[::1]:3/?heartbeat=5")]
    public void Every_node_has_what_the_whole_says(string text, string nodes) =>
        Assert.Equal(nodes.Split(' '), BrokerAddress.TryRead(text)!.Select(node => node.AbsoluteUri));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("mq1:5672,mq2:5672")]
    [InlineData("http://mq1,mq2/")]
    [InlineData("amqp://mq1,,mq2/")]
    [InlineData("amqp://mq1,/")]
    [InlineData("amqp://")]
    [InlineData("amqp:///vhost")]
    [InlineData("amqp://mq1:port,mq2/")]
    public void What_is_no_address_is_refused(string? text) => Assert.Null(BrokerAddress.TryRead(text));
}
