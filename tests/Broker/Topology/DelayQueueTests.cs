using System.Diagnostics;
using RabbitMQ.Client;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Topology;

public sealed class DelayQueueTests : IAsyncLifetime
{
    private AmqpPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        _peer = await AmqpPeer.ConnectAsync(await TestBroker.CreateVhostAsync());
        await BrokerTopology.DeclareAsync(_peer.Channel, shards: 2);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(700)]
    public async Task A_message_comes_back_to_its_shard_as_it_was_and_not_early(int milliseconds)
    {
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromMilliseconds(milliseconds));
        var waited = Stopwatch.StartNew();

        await _peer.PublishAsync(BrokerNames.Delay(milliseconds), "1", """{"number":2}""", new BasicProperties { MessageId = "m-1" });
        var back = await _peer.TakeAsync(BrokerNames.RetriesQueue(1));

        Assert.True(waited.ElapsedMilliseconds >= milliseconds, $"came back after {waited.ElapsedMilliseconds} ms");
        Assert.Equal("""{"number":2}""", back.Text());
        Assert.Equal(("webhooks.retries", "1", "m-1"), (back.Exchange, back.RoutingKey, back.BasicProperties.MessageId));
        Assert.Equal(DeliveryModes.Persistent, back.BasicProperties.DeliveryMode);
        Assert.Equal(0, await _peer.CountAsync(BrokerNames.RetriesQueue(0)));
    }

    [Fact]
    public async Task A_long_wait_never_stands_before_a_short_one()
    {
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromHours(1));
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromMilliseconds(100));

        await _peer.PublishAsync(BrokerNames.Delay(3_600_000), "0", "long");
        await _peer.PublishAsync(BrokerNames.Delay(100), "0", "short");

        Assert.Equal("short", (await _peer.TakeAsync(BrokerNames.RetriesQueue(0))).Text());
        Assert.Equal(1, await _peer.CountAsync(BrokerNames.Delay(3_600_000)));
    }

    [Fact]
    public async Task Many_that_wait_come_back_all_in_order()
    {
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromMilliseconds(500));

        var published = Enumerable.Range(0, 1_000).Select(number => $"{number}").ToList();
        await Task.WhenAll(published.Select(number => _peer.PublishAsync(BrokerNames.Delay(500), "0", number)));

        var back = await _peer.TakeAsync(BrokerNames.RetriesQueue(0), published.Count);
        Assert.Equal(published, back.Select(message => message.Text()));
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();
}
