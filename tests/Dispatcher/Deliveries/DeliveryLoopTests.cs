using Microsoft.Extensions.DependencyInjection;
using Webhooks.Broker;
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
        var loop = new DeliveryLoop(
            consumer, new QueueHand(consumer, QueuePosition.OfFirstAttempts(), most: 100), services.GetRequiredService<DeliveryGroups>(),
            services.GetRequiredService<ConfirmedPublisher>(), services.GetRequiredService<DeliveryParking>(),
            services.GetRequiredService<RetryPace>().ForFirstAttempts, TimeProvider.System);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            () => loop.RunAsync(CancellationToken.None, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Equal("a mistake", fault.Message);
    }
}
