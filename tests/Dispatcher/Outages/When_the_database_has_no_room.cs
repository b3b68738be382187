using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Outages;

public sealed class When_the_database_has_no_room
{
    [Fact]
    public async Task Should_hold_the_outcomes_until_it_has_a_connection()
    {
        await using var world = await World.CreateAsync();
        var role = await CrowdedRole.CreateAsync(world.Database);
        await using var receiver = await HeldReceiver.StartAsync();
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await world.StartDispatcherAsync(role.Setting(world.Postgres));
        await world.DeliverAsync(subscription, count: 30);
        await receiver.Requests.WaitForAsync(30);

        await role.CrowdAsync();
        receiver.Release();
        await IsHoldingAsync(world, dispatcher);
        await role.MakeRoomAsync();

        await AllIsRecordedOnceAsync(world, dispatcher, receiver, count: 30);
    }

    [Fact]
    public async Task Should_hold_the_outcomes_until_there_is_room_on_the_disk()
    {
        // Some pages have room left when the disk has none: so many attempts that they are used up.
        const int MoreThanFits = 150;
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        await using var world = await World.CreateAsync(disk.ConnectionString);
        await using var receiver = await HeldReceiver.StartAsync();
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription, MoreThanFits);
        await receiver.Requests.WaitForAsync(MoreThanFits);

        disk.Fill();
        receiver.Release();
        await IsHoldingAsync(world, dispatcher);
        disk.MakeRoom();

        await AllIsRecordedOnceAsync(world, dispatcher, receiver, MoreThanFits);
    }

    [Fact]
    public async Task Should_wait_for_room_when_no_session_can_begin_without_it()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "Mounting a small disk needs root.");
        await using var disk = await SmallDisk.CreateAsync();
        await using var world = await World.CreateAsync(disk.ConnectionString);
        await using var receiver = await HeldReceiver.StartAsync();
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        var dispatcher = await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription, count: 30);
        await receiver.Requests.WaitForAsync(30);

        disk.FillForNewSessions();
        await disk.EndSessionsAsync();
        // The test's own sessions were among them.
        world.Database.Clear();
        receiver.Release();
        await IsHoldingAsync(world, dispatcher);
        disk.MakeRoom();

        await AllIsRecordedOnceAsync(world, dispatcher, receiver, count: 30);
    }

    private static async Task IsHoldingAsync(World world, ServiceHost dispatcher)
    {
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        await Eventually.TrueAsync(async () => await world.ConsumersAsync() == 0, World.Limit, "the consumers to be paused");
        await HasHealthAsync(dispatcher, HealthStatus.Unhealthy);
    }

    private static async Task AllIsRecordedOnceAsync(World world, ServiceHost dispatcher, HeldReceiver receiver, int count)
    {
        await world.EndedAsync();
        Assert.Equal(count, receiver.Requests.Count);
        Assert.Equal(Enumerable.Repeat(1, count), (await world.AttemptsAsync()).Select(attempt => attempt.Number));
        Assert.All(await world.DeliveriesAsync<string>("status"), status => Assert.Equal("delivered", status));
        Assert.Empty(await world.ParkedAsync());
        Assert.Null(dispatcher.FatalFault);
        await HasHealthAsync(dispatcher, HealthStatus.Healthy);
    }

    private static Task HasHealthAsync(ServiceHost dispatcher, HealthStatus status)
    {
        var health = dispatcher.Services.GetRequiredService<HealthCheckService>();
        return Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == status, World.Limit, $"readiness to be {status}");
    }
}
