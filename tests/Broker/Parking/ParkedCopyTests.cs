using System.Text;
using RabbitMQ.Client;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Broker.Tests.Parking;

public sealed class ParkedCopyTests : IAsyncLifetime
{
    private const string Queue = BrokerNames.PublisherQueue;

    private static readonly byte[] Body = [0x00, 0xff, .. "{ \"not\" quite JSON"u8];

    // The first is the test's own client's, the second the broker's.
    private static readonly string[] OursAndTheBrokers =
        ["x-dotnet-pub-seq-no", "x-delivery-count", BrokerNames.ParkedDetailHeader, BrokerNames.ParkedQueueHeader, BrokerNames.ParkedReasonHeader, BrokerNames.ParkedIdHeader];

    private OurSide _ours = null!;
    private AmqpPeer _peer = null!;

    public async ValueTask InitializeAsync()
    {
        _ours = await OurSide.CreateAsync();
        _peer = await AmqpPeer.ConnectAsync(_ours.Uri);
        await BrokerTopology.DeclareAsync(_peer.Channel, shards: 1);
    }

    [Fact]
    public async Task Body_properties_and_headers_are_as_they_came_and_four_headers_say_why_and_which()
    {
        await ParkAsync(new BasicProperties
        {
            AppId = "matching_engine",
            ContentEncoding = "identity",
            ContentType = "application/vnd.masstransit+json",
            CorrelationId = "c-1",
            MessageId = "m-1",
            Priority = 3,
            ReplyTo = "answers",
            Timestamp = new AmqpTimestamp(1_705_746_600),
            Type = "exception.created",
            Headers = new Dictionary<string, object?>
            {
                ["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                ["number"] = 42L,
                ["yes"] = true,
                ["nothing"] = null,
                ["list"] = new List<object> { 1, "two" },
                ["table"] = new Dictionary<string, object?> { ["inner"] = 1.5 },
            },
        });

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Body, parked.Body.ToArray());
        var properties = parked.BasicProperties;
        Assert.Equal(("matching_engine", "identity", "application/vnd.masstransit+json", "c-1", "m-1"),
            (properties.AppId, properties.ContentEncoding, properties.ContentType, properties.CorrelationId, properties.MessageId));
        Assert.Equal(((byte)3, "answers", 1_705_746_600L, "exception.created", DeliveryModes.Persistent),
            (properties.Priority, properties.ReplyTo, properties.Timestamp.UnixTime, properties.Type, properties.DeliveryMode));

        Assert.Equal("not_json", parked.Header(BrokerNames.ParkedReasonHeader));
        Assert.Equal("It is not JSON.", parked.Header(BrokerNames.ParkedDetailHeader));
        Assert.Equal(Queue, parked.Header(BrokerNames.ParkedQueueHeader));
        Assert.Equal("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", parked.Header("traceparent"));
        var headers = properties.Headers!;
        Assert.Equal((42L, true, null), ((long)headers["number"]!, (bool)headers["yes"]!, headers["nothing"]));
        Assert.Equal([1, "two"], ((List<object>)headers["list"]!).Select(item => item is byte[] text ? Encoding.UTF8.GetString(text) : item));
        Assert.Equal(1.5, ((Dictionary<string, object?>)headers["table"]!)["inner"]);
        Assert.Equal(
            [.. OursAndTheBrokers.Concat(["traceparent", "number", "yes", "nothing", "list", "table"]).Order(StringComparer.Ordinal)],
            headers.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_message_without_headers_gets_four()
    {
        await ParkAsync(new BasicProperties());

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(OursAndTheBrokers.Order(StringComparer.Ordinal), parked.BasicProperties.Headers!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Whose_it_is_is_said_where_it_is_known()
    {
        await ParkAsync(new BasicProperties(), tenantId: "tenant_001");

        Assert.Equal("tenant_001", (await _peer.TakeAsync(BrokerNames.ParkingQueue)).Header(BrokerNames.ParkedTenantHeader));
    }

    // As a tool does that moves messages from one queue to another.
    [Fact]
    public async Task A_message_that_was_put_back_with_the_headers_of_its_parking_is_parked_as_another()
    {
        var (consumer, publisher) = (_ours.Consume(Queue), _ours.Publisher());
        await _peer.PublishAsync("", Queue, Body);
        await publisher.PublishAsync([(await consumer.NextAsync()).Park(ParkingReason.NotJson, "It is not JSON.", "tenant_001")], CancellationToken.None).WaitAsync(OurSide.Limit);
        var first = await _peer.TakeAsync(BrokerNames.ParkingQueue);

        await _peer.PublishAsync("", Queue, Body, new BasicProperties(first.BasicProperties));
        await publisher.PublishAsync([(await consumer.NextAsync()).Park(ParkingReason.NotJson, "It is not JSON.")], CancellationToken.None).WaitAsync(OurSide.Limit);

        var second = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.NotEqual(first.Header(BrokerNames.ParkedIdHeader), second.Header(BrokerNames.ParkedIdHeader));
        Assert.Null(second.Header(BrokerNames.ParkedTenantHeader));
        Assert.Equal(OursAndTheBrokers.Order(StringComparer.Ordinal), second.BasicProperties.Headers!.Keys.Order(StringComparer.Ordinal));
    }

    // The broker compares the property with the connection's user, and ends the channel when they differ.
    [Fact]
    public async Task A_message_that_names_its_user_is_parked_although_we_are_another()
    {
        var server = await TestBroker.ServerAsync();
        await using var other = await AmqpPeer.ConnectAsync(await server.AddUserAsync(_ours.Uri, $"domain-service-{Guid.NewGuid():N}"));
        var user = other.UserName;

        await ParkAsync(new BasicProperties { UserId = user, MessageId = "m-1" }, other);

        Assert.Equal("m-1", (await _peer.TakeAsync(BrokerNames.ParkingQueue)).BasicProperties.MessageId);
    }

    [Fact]
    public async Task A_message_with_an_expiration_does_not_expire_in_the_parking_queue()
    {
        await ParkAsync(new BasicProperties { Expiration = "3600000", MessageId = "m-1" });

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(("m-1", false), (parked.BasicProperties.MessageId, parked.BasicProperties.IsExpirationPresent()));
    }

    // The broker routes a message also to the keys in its CC header: the copy would go back where it came from, for ever.
    [Fact]
    public async Task A_message_that_was_also_routed_elsewhere_is_parked_once_and_routed_nowhere_else()
    {
        await _peer.Channel.DeclareQuorumQueueAsync("elsewhere");

        await ParkAsync(new BasicProperties { Headers = new Dictionary<string, object?> { ["CC"] = new List<object> { "elsewhere" } } });

        await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(1, await _peer.CountAsync("elsewhere"));
    }

    // The broker returns what it cannot route by its properties alone; somebody else's number must not be taken for ours.
    [Theory]
    [InlineData("1")]
    [InlineData("17")]
    [InlineData("c-1")]
    [InlineData(null)]
    public async Task A_message_is_parked_although_the_parking_queue_was_deleted(string? correlationId)
    {
        var properties = new BasicProperties { CorrelationId = correlationId };
        var consumer = _ours.Consume(Queue);
        var publisher = _ours.Publisher();
        await publisher.WhenReadyAsync(CancellationToken.None);
        await _peer.Channel.QueueDeleteAsync(BrokerNames.ParkingQueue);

        await _peer.PublishAsync("", Queue, Body, properties);
        await publisher.PublishAsync([(await consumer.NextAsync()).Park(ParkingReason.NotJson, "It is not JSON.")], CancellationToken.None).WaitAsync(OurSide.Limit);

        Assert.Equal(Body, (await _peer.TakeAsync(BrokerNames.ParkingQueue)).Body.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _ours.DisposeAsync();
    }

    private async Task ParkAsync(BasicProperties properties, AmqpPeer? from = null, string? tenantId = null)
    {
        await (from ?? _peer).PublishAsync("", Queue, Body, properties);
        var received = await _ours.Consume(Queue).NextAsync();
        await _ours.Publisher().PublishAsync([received.Park(ParkingReason.NotJson, "It is not JSON.", tenantId)], CancellationToken.None).WaitAsync(OurSide.Limit);
    }
}
