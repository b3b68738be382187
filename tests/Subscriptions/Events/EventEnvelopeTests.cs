using System.Text;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventEnvelopeTests
{
    private const string Event = """{ "id": "evt_1", "type": "a.b", "tenant_id": "t", "data": { "x": 1.0 } }""";
    private const string ContentType = "application/vnd.masstransit+json";

    // Laid out as MassTransit 8 sends it.
    private const string Envelope = $$"""
        { "messageId": "0a000000-0000-0000-0000-000000000001", "conversationId": "0a000000-0000-0000-0000-000000000002",
          "sourceAddress": "rabbitmq://localhost/host", "destinationAddress": "rabbitmq://localhost/Webhooks.Contracts:DomainEvent",
          "messageType": [ "urn:message:Webhooks.Contracts:DomainEvent" ], "message": {{Event}},
          "sentTime": "2024-01-20T10:30:00Z", "headers": {}, "host": { "machineName": "m", "assembly": "a" } }
        """;

    [Theory]
    [InlineData(ContentType)]
    [InlineData("application/vnd.masstransit+json; charset=utf-8")]
    [InlineData("Application/Vnd.MassTransit+JSON")]
    [InlineData("application/json")]
    [InlineData(null)]
    public void The_event_in_MassTransits_envelope_is_read(string? contentType)
    {
        var accepted = Assert.IsType<EventReading.Accepted>(Read(Envelope, contentType)).Event;

        Assert.Equal(("evt_1", "a.b", "t"), (accepted.Id, accepted.Type, accepted.TenantId));
        Assert.Equal("""{"x":1.0}""", Encoding.UTF8.GetString(accepted.Data.Span));
    }

    [Fact]
    public void Faults_in_the_envelope_point_into_the_body_as_sent() => Assert.Equal(
        ["/message/id"],
        Refused(Envelope.Replace("evt_1", "evt 1", StringComparison.Ordinal), ContentType).Faults.Select(fault => fault.Pointer));

    [Theory]
    [InlineData("{}", "required")]
    [InlineData("""{"message":null}""", "invalid_type")]
    [InlineData("""{"message":"text"}""", "invalid_type")]
    [InlineData("""{"message":{},"message":{}}""", "duplicate")]
    public void MassTransits_content_type_demands_its_envelope(string body, string code)
    {
        var fault = Assert.Single(Refused(body, ContentType).Faults);

        Assert.Equal(("/message", code), (fault.Pointer, fault.Code));
    }

    [Fact]
    public void An_event_that_has_a_message_is_still_a_plain_event()
    {
        var body = Event[..^1] + """, "message": { "id": "other" }, "messageType": [ "x" ] }""";

        Assert.Equal("evt_1", Assert.IsType<EventReading.Accepted>(Read(body, "application/json")).Event.Id);
    }

    [Theory]
    [InlineData("""{"messageType":"x","message":{}}""")]
    [InlineData("""{"messageType":["x"],"message":[]}""")]
    [InlineData("""{"message":{}}""")]
    [InlineData("""{"messageType":["x"]}""")]
    [InlineData("""{"messageType":["x"],"message":{},"type":null}""")]
    public void What_only_resembles_an_envelope_is_a_plain_event_without_its_members(string body) =>
        Assert.Contains("/id", Refused(body, contentType: null).Faults.Select(fault => fault.Pointer));

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    public void An_envelope_is_an_object(string body) => Assert.Equal("", Assert.Single(Refused(body, ContentType).Faults).Pointer);

    private static EventReading Read(string body, string? contentType) => EventReader.Read(Encoding.UTF8.GetBytes(body), contentType);

    private static EventReading.Refused Refused(string body, string? contentType) =>
        Assert.IsType<EventReading.Refused>(Read(body, contentType));
}
