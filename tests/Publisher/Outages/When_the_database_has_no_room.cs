using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Outages;

public sealed class When_the_database_has_no_room
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // Some pages have room left when the disk has none: so many that they are used up.
    private const int MoreThanFits = 200;

    [Fact]
    public async Task Should_wait_for_a_connection_and_accept_all_afterwards()
    {
        await using var world = await World.CreateAsync();
        var role = await CrowdedRole.CreateAsync(world.Database);
        await world.SubscribeAsync("*");
        var publisher = await world.StartPublisherAsync(role.Setting(world.Postgres));
        await PublishAsync(world, from: 0, count: 20);
        await world.SettledAsync();

        await role.CrowdAsync();
        await PublishAsync(world, from: 20, count: 20);
        await IsHoldingAsync(world, publisher);
        await role.MakeRoomAsync();

        await AllIsAcceptedAsync(world, publisher, count: 40);
    }

    [Fact]
    public async Task Should_wait_for_room_on_the_disk_and_accept_all_afterwards()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        await using var world = await World.CreateAsync(disk.ConnectionString);
        await world.SubscribeAsync("*");
        var publisher = await world.StartPublisherAsync();
        await PublishAsync(world, from: 0, count: 20);
        await world.SettledAsync();

        disk.Fill();
        await PublishAsync(world, from: 20, count: MoreThanFits);
        await IsHoldingAsync(world, publisher);
        disk.MakeRoom();

        await AllIsAcceptedAsync(world, publisher, count: 20 + MoreThanFits);
    }

    [Fact]
    public async Task Should_wait_for_room_when_no_session_can_begin_without_it()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        await using var world = await World.CreateAsync(disk.ConnectionString);
        await world.SubscribeAsync("*");
        var publisher = await world.StartPublisherAsync();

        disk.FillForNewSessions();
        await disk.EndSessionsAsync();
        // The test's own sessions were among them.
        world.Database.Clear();
        await PublishAsync(world, from: 0, count: 20);
        await IsHoldingAsync(world, publisher);
        disk.MakeRoom();

        await AllIsAcceptedAsync(world, publisher, count: 20);
    }

    private static async Task IsHoldingAsync(World world, ServiceHost publisher)
    {
        var gate = publisher.Services.GetRequiredService<DatabaseGate>();
        await Eventually.TrueAsync(() => !gate.IsOpen, Limit, "the outage to be seen");
        var health = publisher.Services.GetRequiredService<HealthCheckService>();
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Unhealthy, Limit, "readiness to tell");
    }

    private static async Task AllIsAcceptedAsync(World world, ServiceHost publisher, int count)
    {
        await world.SettledAsync();
        Assert.Equal(Enumerable.Range(0, count).Select(number => $"evt_{number}"), await world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(await world.DeliveriesAsync<Guid>("id"), (await world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct());
        Assert.Equal(0, await world.Bus.CountAsync(BrokerNames.ParkingQueue));
        Assert.Null(publisher.FatalFault);
        var health = publisher.Services.GetRequiredService<HealthCheckService>();
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy, Limit, "readiness to tell");
    }

    private static async Task PublishAsync(World world, int from, int count)
    {
        var large = $$"""{"text":"{{new string('x', 4000)}}"}""";
        foreach (var number in Enumerable.Range(from, count))
        {
            await world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}", large));
        }
    }
}
