using System.Text;
using System.Text.Json;
using MassTransit;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Intake;

public sealed class When_MassTransit_publishes(SharedSystem system)
{
    [Fact]
    public async Task Should_deliver_the_event_of_its_envelope()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var tenantId = Tenant.New();
        await SubscribeAsync(tenantId, receiver);

        var envelope =
            $$"""
            {
              "messageId": "181c0000-6393-3630-36a4-08daf4e7c6da",
              "conversationId": "181c0000-6393-3630-2c6b-08daf4e7c6db",
              "sourceAddress": "rabbitmq://localhost/matching",
              "destinationAddress": "rabbitmq://localhost/Webhooks.Contracts:DomainEvent",
              "messageType": [ "urn:message:Webhooks.Contracts:DomainEvent" ],
              "message": {
                "id": "evt_mt_1", "type": "match.confirmed", "timestamp": "2024-01-20T10:30:01Z",
                "tenant_id": "{{tenantId}}", "data": { "amount": 1000.0, "note": "caf\u00e9" }
              },
              "sentTime": "2024-01-20T10:30:02.1234567Z",
              "headers": {},
              "host": { "machineName": "m", "processName": "p", "massTransitVersion": "8.4.0.0" }
            }
            """;
        await system.Events.PublishAsync(
            Encoding.UTF8.GetBytes(envelope), "",
            new BasicProperties { ContentType = "application/vnd.masstransit+json" }, BrokerNames.DomainEventExchange);

        var request = Assert.Single(await receiver.WaitForAsync(1));
        Assert.Equal(
            $$$"""{"id":"evt_mt_1","type":"match.confirmed","timestamp":"2024-01-20T10:30:01Z","version":"1.0","tenant_id":"{{{tenantId}}}","data":{"amount":1000.0,"note":"café"}}""",
            request.Text);
    }

    [Fact]
    public async Task Should_deliver_what_the_real_package_sends()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var tenantId = Tenant.New();
        await SubscribeAsync(tenantId, receiver);
        var bus = Bus.Factory.CreateUsingRabbitMq(configuration => configuration.Host(new Uri(system.Running.Endpoints.Amqp)));
        await bus.StartAsync();
        try
        {
            await bus.Publish(new DomainEvent
            {
                Id = "evt_mt_2",
                Type = "match.confirmed",
                Timestamp = "2024-01-20T10:30:01.5+02:00",
                Version = "3",
                TenantId = tenantId,
                ContextId = "ctx_1",
                Data = JsonSerializer.Deserialize<JsonElement>("""{ "z": 1E3, "a": 15000.00, "café": "試験 🧾", "nested": [ null, { "x": -0 } ] }"""),
                Metadata = JsonSerializer.Deserialize<JsonElement>("""{"correlation_id":"req_1"}"""),
            });
        }
        finally
        {
            await bus.StopAsync();
        }

        var request = Assert.Single(await receiver.WaitForAsync(1));
        Assert.Equal(
            $$$"""{"id":"evt_mt_2","type":"match.confirmed","timestamp":"2024-01-20T10:30:01.5+02:00","version":"3","tenant_id":"{{{tenantId}}}","context_id":"ctx_1","data":{"z":1E3,"a":15000.00,"café":"試験 🧾","nested":[null,{"x":-0}]},"metadata":{"correlation_id":"req_1"}}""",
            request.Text);
    }

    private Task<SubscriptionResponse> SubscribeAsync(string tenantId, TestReceiver receiver) => system.Management.SubscribeAsync(
        new SubscriptionRequest { TenantId = tenantId, Url = receiver.Url, EventTypes = ["match.*"] });
}
