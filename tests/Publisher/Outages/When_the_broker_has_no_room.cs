using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

public sealed class When_the_broker_has_no_room
{
    private const int Events = 50;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_accept_what_is_in_hand_and_announce_it_once_there_is_room()
    {
        await using var broker = await OwnBroker.StartAsync();
        await using var world = await World.CreateAsync(broker: broker);
        await world.SubscribeAsync("*");
        var publisher = await world.StartPublisherAsync();

        // In hand, and not yet accepted, when the alarm is raised: nobody can publish later.
        await using (var held = await HoldAcceptingAsync(world))
        {
            await Task.WhenAll(Enumerable.Range(0, Events).Select(number => world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"))));
            await broker.Server.RaiseDiskAlarmAsync();
        }

        // The first group; the next one waits until it is announced.
        await Eventually.TrueAsync(async () => (await world.DeliveriesAsync<Guid>("id")).Count > 0, Limit, "an event to be accepted");
        await HasHealthAsync(publisher, HealthStatus.Unhealthy);
        Assert.Equal(0, await world.Bus.CountAsync(BrokerNames.DeliveriesQueue(0)));
        await broker.Server.ClearDiskAlarmAsync();

        await world.SettledAsync();
        Assert.Equal(Events, (await world.DeliveriesAsync<Guid>("id")).Count);
        Assert.Equal(
            (await world.DeliveriesAsync<Guid>("id")).Order(), (await world.AnnouncedAsync()).Select(message => message.DeliveryId).Order());
        Assert.Equal(0, await world.Bus.CountAsync(BrokerNames.ParkingQueue));
        await HasHealthAsync(publisher, HealthStatus.Healthy);
        Assert.Null(publisher.FatalFault);
    }

    /// <summary>Until disposed.</summary>
    private static async Task<NpgsqlConnection> HoldAcceptingAsync(World world)
    {
        var connection = await world.Database.OpenConnectionAsync();
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE event_keys IN EXCLUSIVE MODE", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    private static Task HasHealthAsync(ServiceHost publisher, HealthStatus status)
    {
        var health = publisher.Services.GetRequiredService<HealthCheckService>();
        return Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == status, Limit, $"readiness to be {status}");
    }
}
