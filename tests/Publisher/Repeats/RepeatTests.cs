using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Webhooks.Contracts;
using Webhooks.Database.Settings;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Repeats;

/// <summary>The same event again: never a second fan-out, but whatever was not announced is announced.</summary>
public sealed class RepeatTests : IAsyncLifetime
{
    private static readonly TestEvent Event = TestEvent.Create(World.Tenant, "a.b", "evt_001");

    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("a.b");
    }

    [Fact]
    public async Task A_repeat_is_acknowledged_and_nothing_more()
    {
        await _world.StartPublisherAsync();
        await _world.PublishAsync(Event);
        await _world.AnnouncementsAsync(2);

        await _world.PublishAsync(Event);
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001", """{"other":"content"}"""));

        await _world.SettledAsync();
        Assert.Empty(await _world.AnnouncedAsync());
        Assert.Equal(2, (await _world.DeliveriesAsync<Guid>("id")).Count);
        Assert.Equal("{}"u8.ToArray(), await _world.Database.ScalarAsync<byte[]>("SELECT data FROM events"));
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    [Fact]
    public async Task Of_an_event_that_stands_twice_in_a_group_the_first_counts()
    {
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001", """{"place":1}"""));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001", """{"place":2}"""));

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(2, (await _world.AnnouncedAsync()).Count);
        Assert.Equal("""{"place":1}"""u8.ToArray(), await _world.Database.ScalarAsync<byte[]>("SELECT data FROM events"));
    }

    [Fact]
    public async Task The_same_id_of_another_tenant_is_another_event()
    {
        await _world.SubscribeAsync("tenant_002", SubscriptionState.Active, "*");
        await _world.StartPublisherAsync();

        await _world.PublishAsync(Event);
        await _world.PublishAsync(TestEvent.Create("tenant_002", "a.b", "evt_001"));

        await _world.SettledAsync();
        Assert.Equal(3, (await _world.AnnouncedAsync()).Count);
    }

    [Fact]
    public async Task Deliveries_whose_announcement_died_with_a_publisher_are_announced()
    {
        var accepted = await AcceptWithoutAnnouncingAsync();
        await _world.PublishAsync(Event);
        await _world.Bus.TouchAsync(BrokerNames.PublisherQueue);

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        var announced = await _world.AnnouncedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.Id), announced.Select(message => message.DeliveryId));
        Assert.Equal(accepted.Select(delivery => delivery.Of.CreatedAt), announced.Select(message => message.CreatedAt));
        Assert.All(announced, message => Assert.Equal(1, message.Number));
        Assert.Equal(2, (await _world.DeliveriesAsync<Guid>("id")).Count);
    }

    [Fact]
    public async Task Deliveries_that_were_attempted_meanwhile_are_not_announced_again()
    {
        var accepted = await AcceptWithoutAnnouncingAsync();
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() WHERE id = $1", accepted[0].Id);
        await _world.PublishAsync(Event);
        await _world.Bus.TouchAsync(BrokerNames.PublisherQueue);

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal([accepted[1].Id], (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
    }

    [Fact]
    public async Task A_first_time_that_is_flagged_is_announced_once()
    {
        await _world.PublishAsync(Event);
        await _world.Bus.TouchAsync(BrokerNames.PublisherQueue);

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>As a publisher that is killed right after its commit leaves it.</summary>
    private async Task<IReadOnlyList<NewDelivery>> AcceptWithoutAnnouncingAsync()
    {
        using var cache = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
        var reading = Assert.IsType<EventReading.Accepted>(EventReader.Read(Event.Body));
        var accepted = await new FanOutStore(_world.Database, cache).AcceptAsync([reading.Event], CancellationToken.None);
        Assert.Equal((1, 2), (accepted.Events, accepted.Deliveries.Count));
        return accepted.Deliveries;
    }
}
