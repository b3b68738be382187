using System.Text;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Intake;

public sealed class When_a_message_is_not_an_event(SharedSystem system)
{
    private const int MostBytes = 256 * 1024;

    public static TheoryData<string, string> Refused => new()
    {
        { "nothing", "" },
        { "words", "hello" },
        { "half an object", """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{""" },
        { "two objects", """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{}}{}""" },
    };

    public static TheoryData<string> Invalid =>
    [
        "[]",
        "null",
        """{"type":"a.b","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":"a.b","data":{}}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t"}""",
        """{"id":17,"type":"a.b","tenant_id":"t","data":{}}""",
        """{"id":"evt 1","type":"a.b","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":"A.B","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":"a..b","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":"webhook.test","tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":["a"],"tenant_id":"t","data":{}}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t.u","data":{}}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":[]}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":"{}"}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{},"timestamp":"yesterday"}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{},"timestamp":"2024-01-20T10:30:00"}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{},"timestamp":1705746600}""",
        """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{},"version":2}""",
        $$"""{"id":"evt_1","type":"a.b","tenant_id":"t","data":{{Nested(65)}}}""",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public Task Should_park_what_is_not_JSON(string what, string body) => ShouldPark(Encoding.UTF8.GetBytes(body), "not_json", what);

    [Theory]
    [MemberData(nameof(Invalid))]
    public Task Should_park_JSON_that_is_no_event(string body) => ShouldPark(Encoding.UTF8.GetBytes(body), "invalid_event", body);

    [Fact]
    public Task Should_park_what_is_not_UTF8() => ShouldPark(
        [.. """{"id":"evt_1","type":"a.b","tenant_id":"t","data":{"name":" """u8, 0xC3, 0x28, .. "\"}}"u8], "not_json", "a broken sequence");

    [Fact]
    public Task Should_park_what_is_too_large() => ShouldPark(OfLength(Tenant.New(), MostBytes + 1).Body, "too_large", "a byte more than allowed");

    [Fact]
    public async Task Should_deliver_the_largest_event_allowed()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var published = OfLength(Tenant.New(), MostBytes);
        await system.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = published.TenantId, Url = receiver.Url, EventTypes = [published.Type], Profile = "standard" });

        await system.Events.PublishAsync(published);

        Assert.Contains(new string('x', 200_000), Assert.Single(await receiver.WaitForAsync(1)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_still_deliver_what_comes_after()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var published = TestEvent.Create(Tenant.New(), "exception.created");
        await system.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = published.TenantId, Url = receiver.Url, EventTypes = [published.Type] });

        await system.Events.PublishAsync("not an event"u8.ToArray(), published.Type);
        await system.Events.PublishAsync(published);

        await receiver.WaitForAsync(1);
    }

    private async Task ShouldPark(byte[] body, string reason, string what)
    {
        var properties = new BasicProperties
        {
            MessageId = $"message-{Guid.NewGuid():N}",
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = "correlation",
            AppId = "scenarios",
            Type = "anything",
            Priority = 3,
            Timestamp = new AmqpTimestamp(1705746600),
            Headers = new Dictionary<string, object?> { ["x-of-the-publisher"] = "kept", ["number"] = 42 },
        };

        await system.Events.PublishAsync(body, "a.b", properties);

        var parked = await system.Parked.WaitForAsync(properties.MessageId);
        Assert.True(body.AsSpan().SequenceEqual(parked.Body), $"The parked body of {what} differs.");
        Assert.Equal((reason, reason), (parked.Reason, parked.Header(BrokerNames.ParkedReasonHeader)));
        Assert.EndsWith(".", parked.Detail, StringComparison.Ordinal);
        Assert.Equal(parked.Detail, parked.Header(BrokerNames.ParkedDetailHeader));
        Assert.Equal((BrokerNames.PublisherQueue, BrokerNames.PublisherQueue), (parked.Queue, parked.Header(BrokerNames.ParkedQueueHeader)));
        AssertUnchanged(properties, parked);
    }

    private static void AssertUnchanged(BasicProperties sent, ParkedMessage parked)
    {
        var kept = parked.Properties;
        Assert.Equal(
            (sent.MessageId, sent.ContentType, sent.ContentEncoding, sent.CorrelationId, sent.AppId, sent.Type, sent.Priority, sent.Timestamp, sent.Persistent),
            (kept.MessageId, kept.ContentType, kept.ContentEncoding, kept.CorrelationId, kept.AppId, kept.Type, kept.Priority, kept.Timestamp, kept.Persistent));
        Assert.Equal("kept", parked.Header("x-of-the-publisher"));
        Assert.Equal(42, kept.Headers!["number"]);
    }

    private static TestEvent OfLength(string tenantId, int bytes)
    {
        var small = TestEvent.Create(tenantId, "exception.created", data: """{"text":""}""");
        return TestEvent.Create(tenantId, small.Type, small.Id, $$"""{"text":"{{new string('x', bytes - small.Body.Length)}}"}""");
    }

    private static string Nested(int depth) =>
        string.Concat(Enumerable.Repeat("""{"a":""", depth - 1)) + "{}" + new string('}', depth - 1);
}
