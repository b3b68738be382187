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

    // Our client reads each byte that is not UTF-8 as a character of three bytes, and then there is no room for them.
    public static TheoryData<byte[], byte[]?> Unwritable => new()
    {
        { [.. Enumerable.Repeat((byte)0xff, 100)], null },
        { [.. "h"u8, .. Enumerable.Repeat((byte)0xff, 100)], "S\0\0\0\x01v"u8.ToArray() },
        // The name of a header within a header.
        { "outer"u8.ToArray(), [.. "F\0\0\0\x66\x64"u8, .. Enumerable.Repeat((byte)0xff, 100), (byte)'V'] },
    };

    [Theory]
    [MemberData(nameof(Unwritable))]
    public async Task What_cannot_be_written_again_of_a_message_is_left_out_and_the_detail_says_so(byte[] written, byte[]? header)
    {
        await _peer.PublishAsync("", Queue, Body, header is null ? RawProperties.OfMessageId(written) : RawProperties.OfHeader(written, header));

        await ParkNextAsync();

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Body, parked.Body.ToArray());
        Assert.Equal(("not_json", Queue), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedQueueHeader)));
        Assert.StartsWith("It is not JSON. ", parked.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
        Assert.Contains("left out", parked.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
    }

    // They stand in one frame, which the broker limits; so the headers of the parking do not always fit beside the message's own.
    [Theory]
    [InlineData(100_000, true)]
    [InlineData(130_000, false)]
    [InlineData(130_900, false)]
    public async Task Headers_are_left_out_that_leave_no_room_for_the_reason(int bytes, bool isKept)
    {
        var properties = new BasicProperties { ContentType = "application/json", MessageId = "m-1", Headers = new Dictionary<string, object?> { ["large"] = new byte[bytes] } };

        await ParkAsync(properties, tenantId: "tenant_001", detail: new string('é', 1_000));

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Body, parked.Body.ToArray());
        Assert.Equal(("not_json", "tenant_001"), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedTenantHeader)));
        Assert.Equal(("application/json", "m-1"), (parked.BasicProperties.ContentType, parked.BasicProperties.MessageId));
        Assert.Equal(isKept, parked.BasicProperties.Headers!.ContainsKey("large"));
        Assert.Equal(!isKept, parked.Header(BrokerNames.ParkedDetailHeader)!.Contains("left out", StringComparison.Ordinal));
    }

    // The broker takes longer for each than for the one before, seconds in the end, and no confirm comes in time.
    [Theory]
    [InlineData(64, false, true)]
    [InlineData(65, false, false)]
    [InlineData(64, true, true)]
    [InlineData(65, true, false)]
    public async Task Headers_are_left_out_that_are_nested_deeper_than_an_event_may_be(int levels, bool ofTables, bool isKept)
    {
        await _peer.PublishAsync("", Queue, Body, RawProperties.OfNestedHeader(levels, ofTables));

        await ParkNextAsync();

        var parked = await _peer.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(isKept, parked.BasicProperties.Headers!.ContainsKey("deep"));
        Assert.Equal(!isKept, parked.Header(BrokerNames.ParkedDetailHeader)!.Contains("nested more than 64 deep", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _ours.DisposeAsync();
    }

    private async Task ParkAsync(BasicProperties properties, AmqpPeer? from = null, string? tenantId = null, string detail = "It is not JSON.")
    {
        await (from ?? _peer).PublishAsync("", Queue, Body, properties);
        await ParkNextAsync(tenantId, detail);
    }

    private async Task ParkNextAsync(string? tenantId = null, string detail = "It is not JSON.")
    {
        var received = await _ours.Consume(Queue).NextAsync();
        await _ours.Publisher().PublishAsync([received.Park(ParkingReason.NotJson, detail, tenantId)], CancellationToken.None).WaitAsync(OurSide.Limit);
    }
}
