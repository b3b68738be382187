using RabbitMQ.Client;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Topology;

/// <summary>Section 5 of the design, as a broker shows it.</summary>
public sealed class BrokerTopologyTests : IAsyncLifetime
{
    private const string Plain = "x-delivery-limit=1000 x-queue-type=quorum";

    private string _uri = "";
    private AmqpPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        _uri = await TestBroker.CreateVhostAsync();
        _peer = await AmqpPeer.ConnectAsync(_uri);
        await BrokerTopology.DeclareAsync(_peer.Channel, shards: 2);
    }

    [Theory]
    [InlineData(BrokerNames.PublisherQueue, Plain + " x-single-active-consumer=true")]
    [InlineData(BrokerNames.ParkingQueue, Plain)]
    [InlineData("webhooks.deliveries.0", Plain)]
    [InlineData("webhooks.deliveries.1", Plain)]
    [InlineData("webhooks.retries.0", Plain)]
    [InlineData("webhooks.retries.1", Plain)]
    public async Task Every_queue_has_the_fixed_arguments(string queue, string arguments)
    {
        var server = await TestBroker.ServerAsync();

        Assert.Equal(arguments.Split(' '), await server.QueueArgumentsAsync(_uri, queue));
    }

    [Fact]
    public async Task A_delay_queue_hands_over_without_loss_and_keeps_the_routing_key()
    {
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromSeconds(5));

        var server = await TestBroker.ServerAsync();
        Assert.Equal(
            [
                "x-dead-letter-exchange=webhooks.retries", "x-dead-letter-strategy=at-least-once", "x-delivery-limit=1000",
                "x-message-ttl=5000", "x-overflow=reject-publish", "x-queue-type=quorum",
            ],
            await server.QueueArgumentsAsync(_uri, "webhooks.delay.5000"));
    }

    [Fact]
    public async Task Declaring_again_is_harmless_and_more_shards_may_be_added()
    {
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromSeconds(5));

        await BrokerTopology.DeclareAsync(_peer.Channel, shards: 2);
        await BrokerTopology.DeclareAsync(_peer.Channel, shards: 3);
        await BrokerTopology.DeclareDelayAsync(_peer.Channel, TimeSpan.FromSeconds(5));

        await _peer.PublishAsync(BrokerNames.DeliveriesExchange, "2", "{}");
        Assert.Equal(1, await _peer.CountAsync("webhooks.deliveries.2"));
    }

    [Theory]
    [InlineData(BrokerNames.EventsExchange, "exception.created", BrokerNames.PublisherQueue)]
    [InlineData(BrokerNames.EventsExchange, "any", BrokerNames.PublisherQueue)]
    [InlineData(BrokerNames.DomainEventExchange, "", BrokerNames.PublisherQueue)]
    [InlineData(BrokerNames.DeliveriesExchange, "0", "webhooks.deliveries.0")]
    [InlineData(BrokerNames.DeliveriesExchange, "1", "webhooks.deliveries.1")]
    [InlineData(BrokerNames.RetriesExchange, "0", "webhooks.retries.0")]
    [InlineData(BrokerNames.RetriesExchange, "1", "webhooks.retries.1")]
    public async Task An_exchange_leads_to_its_queue(string exchange, string routingKey, string queue)
    {
        await _peer.PublishAsync(exchange, routingKey, "{}");

        // Counted, not taken: from a queue with a single active consumer nothing can be taken without being that one.
        await _peer.WaitForCountAsync(queue, 1);
    }

    [Fact]
    public async Task Notifications_go_to_whoever_has_bound_a_queue_for_their_type()
    {
        var one = await _peer.Channel.QueueDeclareAsync();
        var all = await _peer.Channel.QueueDeclareAsync();
        await _peer.Channel.QueueBindAsync(one.QueueName, "webhooks.notifications", NotificationTypes.DeliveryFailed);
        await _peer.Channel.QueueBindAsync(all.QueueName, "webhooks.notifications", "#");

        await _peer.PublishAsync("webhooks.notifications", NotificationTypes.DeliveryFailed, "1");
        await _peer.PublishAsync("webhooks.notifications", NotificationTypes.SubscriptionDisabled, "2");

        Assert.Equal(["1", "2"], (await _peer.TakeAsync(all.QueueName, 2)).Select(message => message.Text()));
        Assert.Equal(["1"], (await _peer.DrainAsync(one.QueueName)).Select(message => message.Text()));
    }

    [Fact]
    public async Task A_MassTransit_publisher_may_declare_its_exchange_itself() =>
        // As MassTransit 8 does for a message type: durable, fanout, not deleted by itself.
        await _peer.Channel.ExchangeDeclareAsync(BrokerNames.DomainEventExchange, ExchangeType.Fanout, durable: true, autoDelete: false);

    public ValueTask DisposeAsync() => _peer.DisposeAsync();
}
