using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

public sealed class When_the_broker_has_no_room
{
    private const int Deliveries = 30;

    [Fact]
    public async Task Should_record_what_is_on_the_wire_and_announce_retries_once_there_is_room()
    {
        await using var broker = await OwnBroker.StartAsync();
        await using var world = await World.CreateAsync(broker: broker);
        // Every other one fails once.
        var fails = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await using var receiver = await HeldReceiver.StartAsync(request =>
        {
            lock (seen)
            {
                return seen.Add(TestEvent.IdOf(request)) && fails++ % 2 == 0 ? new Answer(503) : Answer.Ok;
            }
        });
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, new CustomRetry { InitialDelaySeconds = 0.1 }, HeldReceiver.Deadline);
        var dispatcher = await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription, Deliveries);
        await receiver.Requests.WaitForAsync(Deliveries);

        await broker.Server.RaiseDiskAlarmAsync();
        receiver.Release();
        await world.HaveAttemptsAsync(Deliveries);
        await world.HaveStatusAsync("delivered", Deliveries / 2);
        await HasHealthAsync(dispatcher, HealthStatus.Unhealthy);
        Assert.Equal(Deliveries, receiver.Requests.Count);
        await broker.Server.ClearDiskAlarmAsync();

        await world.EndedAsync();
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Equal((Deliveries, Deliveries / 2), ((await world.AttemptsAsync()).Count(attempt => attempt.Number == 1), (await world.AttemptsAsync()).Count(attempt => attempt.Number == 2)));
        Assert.Equal(Deliveries + (Deliveries / 2), receiver.Requests.Count);
        await HasHealthAsync(dispatcher, HealthStatus.Healthy);
        Assert.Null(dispatcher.FatalFault);
    }

    private static Task HasHealthAsync(ServiceHost dispatcher, HealthStatus status)
    {
        var health = dispatcher.Services.GetRequiredService<HealthCheckService>();
        return Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == status, World.Limit, $"readiness to be {status}");
    }
}
