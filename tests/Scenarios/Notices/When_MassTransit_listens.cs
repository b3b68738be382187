using System.Collections.Concurrent;
using MassTransit;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Notices;

/// <summary>A .NET neighbour with MassTransit as it is, which knows the contract's records and the exchange.</summary>
public sealed class When_MassTransit_listens(SharedSystem system)
{
    [Fact]
    public async Task Should_hand_each_consumer_the_notifications_of_its_record()
    {
        var tenantId = Tenant.New();
        var all = new Consumer<Notification>(notification => notification.TenantId == tenantId);
        var failed = new Consumer<DeliveryFailed>(notification => notification.TenantId == tenantId);
        var disabled = new Consumer<SubscriptionDisabled>(notification => notification.TenantId == tenantId);
        var exhausted = new Consumer<DeliveryExhausted>(notification => notification.TenantId == tenantId);
        var bus = Bus.Factory.CreateUsingRabbitMq(configuration =>
        {
            configuration.Host(new Uri(system.Running.Endpoints.Amqp));
            configuration.ReceiveEndpoint($"neighbour-{Guid.NewGuid():N}", endpoint =>
            {
                endpoint.AutoDelete = true;
                endpoint.ConfigureConsumeTopology = false;
                endpoint.Bind(BrokerNames.NotificationsExchange, binding =>
                {
                    binding.ExchangeType = ExchangeType.Topic;
                    binding.RoutingKey = "#";
                });
                endpoint.UseRawJsonDeserializer(RawSerializerOptions.CopyHeaders);
                endpoint.Instance(all);
                endpoint.Instance(failed);
                endpoint.Instance(disabled);
                endpoint.Instance(exhausted);
            });
        });
        await bus.StartAsync();
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(410));
        try
        {
            var subscription = await system.Management.SubscribeAsync(new SubscriptionRequest { TenantId = tenantId, Url = receiver.Url, EventTypes = ["*"] });
            var published = TestEvent.Create(tenantId, "order.placed");

            await system.Events.PublishAsync(published);

            // Any may come more than once, as its id tells.
            await Eventually.TrueAsync(
                () => !failed.Heard.IsEmpty && !disabled.Heard.IsEmpty && all.Heard.DistinctBy(notification => notification.Id).Count() == 2,
                TimeSpan.FromMinutes(5), "both notifications");
            var ended = Assert.Single(failed.Heard.DistinctBy(notification => notification.Id));
            var told = all.Heard.DistinctBy(notification => notification.Id).ToList();
            Assert.Equal((published.Id, "order.placed", subscription.Id, "gone", 410), (ended.Data.EventId, ended.Data.EventType, ended.Data.SubscriptionId, ended.Data.Reason, ended.Data.StatusCode));
            Assert.Equal((subscription.Id, "gone"), (disabled.Heard.First().Data.SubscriptionId, disabled.Heard.First().Data.Reason));
            // MassTransit consumes several at once, in any order.
            Assert.Equal(["delivery.failed", "subscription.disabled"], told.Select(notification => notification.Type).Order());
            Assert.Equal(ended.Data.DeliveryId, told.Single(notification => notification.Type == "delivery.failed").Data.GetProperty("delivery_id").GetString());
            Assert.Empty(exhausted.Heard);
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    private sealed class Consumer<T>(Predicate<T> isOurs) : IConsumer<T>
        where T : class
    {
        public ConcurrentQueue<T> Heard { get; } = new();

        public Task Consume(ConsumeContext<T> context)
        {
            if (isOurs(context.Message))
            {
                Heard.Enqueue(context.Message);
            }

            return Task.CompletedTask;
        }
    }
}
