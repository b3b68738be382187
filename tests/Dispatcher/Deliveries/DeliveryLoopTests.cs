using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Shares;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Deliveries;

public sealed class DeliveryLoopTests
{
    // The service ends with it. A loop that runs on and is handed nothing is seen by nobody.
    [Fact]
    public async Task A_loop_ends_with_its_consumer()
    {
        await using var world = await World.CreateAsync();
        var services = (await world.StartDispatcherAsync()).Services;
        var consumer = services.GetRequiredService<BrokerLinks>().Consumer(
            BrokerNames.DeliveriesQueue(0), prefetch: 10, _ => throw new InvalidOperationException("a mistake"));

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            () => LoopOf(consumer, services).RunAsync(CancellationToken.None, CancellationToken.None).WaitAsync(World.Limit));

        Assert.Equal("a mistake", fault.Message);
    }

    // Another dispatcher may have been handed it by then, and send it, too.
    [Fact]
    public async Task What_went_back_to_the_queue_during_its_look_is_left_to_whoever_takes_it_from_there()
    {
        const string Queue = "given_back";
        await using var receiver = await TestReceiver.StartAsync();
        await using var world = await World.CreateAsync();
        var services = (await world.StartDispatcherAsync()).Services;
        var accepted = (await world.AcceptAsync(await world.SubscribeAsync(receiver.Url)))[0];
        var consumer = await ConsumerAsync();
        await using var lockOut = await world.Database.HoldAsync("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE");
        using var stop = new CancellationTokenSource();
        var running = LoopOf(consumer, services).RunAsync(stop.Token, CancellationToken.None);
        await world.Bus.PublishAsync("", Queue, Announcement.Write([new DeliveryMessage(accepted.Id, accepted.CreatedAt, 1, accepted.CreatedAt, Traceparent: null)]));
        var inFlight = services.GetRequiredService<InFlight>();
        await Eventually.TrueAsync(() => inFlight.Count == 1, World.Limit, "the delivery to be looked at");

        // Its copy stays where it is, for all to see.
        await stop.CancelAsync();
        await consumer.GiveBackAsync();
        await world.Bus.WaitForCountAsync(Queue, 1);
        await lockOut.DisposeAsync();

        await running;
        await Eventually.TrueAsync(() => inFlight.Count == 0, World.Limit, "the delivery not to be in flight");
        Assert.Equal(0, receiver.Count);

        using var stopAgain = new CancellationTokenSource();
        var again = LoopOf(await ConsumerAsync(), services).RunAsync(stopAgain.Token, CancellationToken.None);
        await world.EndedAsync();
        await Eventually.TrueAsync(() => world.IsEmptyAsync(Queue), World.Limit, "the copy to be acknowledged");
        Assert.Equal(1, receiver.Count);
        await stopAgain.CancelAsync();
        await again;

        async Task<QueueConsumer> ConsumerAsync()
        {
            await world.Bus.Channel.QueueDeclareAsync(
                Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
            return services.GetRequiredService<BrokerLinks>().Consumer(Queue, prefetch: 10, _ => Task.CompletedTask);
        }
    }

    private static DeliveryLoop LoopOf(QueueConsumer consumer, IServiceProvider services) => new(
        consumer, new QueueHand(consumer, QueuePosition.OfFirstAttempts(), most: 100), services.GetRequiredService<DeliveryGroups>(),
        services.GetRequiredService<ConfirmedPublisher>(), services.GetRequiredService<DeliveryParking>(),
        services.GetRequiredService<RetryPace>().ForFirstAttempts, TimeProvider.System);
}
