using Webhooks.Database.Settings;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>How many events go together is chosen by those that came before; these make more deliveries than anybody could expect.</summary>
public sealed class WideEventsTests : IAsyncLifetime
{
    private const int Events = 60;
    private const int Width = 450;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_group_is_divided_in_its_order_by_the_deliveries_that_it_makes()
    {
        await _world.SubscribeManyAsync(Width, "wide");
        await _world.SubscribeAsync("narrow");
        // There before the publisher is: one group. Among them some that make few, a repeat, and what is no event.
        for (var number = 0; number < Events; number++)
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, number % 4 == 0 ? "narrow" : "wide", $"evt_{number}"));
        }

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "wide", "evt_1"));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "NO TYPE", "evt_bad"));

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(Enumerable.Range(0, Events).Select(number => $"evt_{number}"), (await _world.DeliveriesAsync<string>("event_id")).Distinct());
        Assert.Equal((Events / 4) + (Events * 3 / 4 * Width), await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries"));
        Assert.Equal(Events, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM events JOIN event_keys USING (created_at, tenant_id, event_id)"));
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
        var together = await _world.Database.ColumnAsync<long>("SELECT count(*) FROM deliveries GROUP BY xmin::text ORDER BY min(seq)");
        Assert.All(together, deliveries => Assert.InRange(deliveries, 1, GroupSize.MostDeliveries));
    }

    [Theory]
    [InlineData("wwww", 12, 4)]
    [InlineData("wwww", 11, 3)]
    [InlineData("wwnnw", 7, 3)]
    // Nobody wants these.
    [InlineData("owow", 6, 4)]
    [InlineData("owow", 5, 3)]
    // What makes too many by itself stands alone.
    [InlineData("ww", 1, 1)]
    [InlineData("oww", 1, 2)]
    [InlineData("nww", 2, 1)]
    public async Task As_many_events_are_planned_as_fit(string events, int most, int planned)
    {
        await _world.SubscribeManyAsync(3, "w");
        await _world.SubscribeAsync("n");
        using var cache = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
        var index = (await cache.LoadedAsync(CancellationToken.None)).Index;
        var given = events.Select((type, place) => Event($"evt_{place}", $"{type}")).ToList();

        var plan = FanOutPlan.Of(given, new HashSet<EventKey>(), index, most, CancellationToken.None);

        Assert.Equal(given.Take(planned), plan.Select(one => one.Event));
        Assert.Equal(
            given.Take(planned).Select(one => index.Match(World.Tenant, one.Type).Count),
            plan.Select(one => one.Takers.Count));
    }

    [Fact]
    public async Task Repeats_divide_no_group_by_what_they_would_make()
    {
        await _world.SubscribeManyAsync(Width, "wide");
        using var cache = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
        var store = new FanOutStore(_world.Database, cache);
        var events = Enumerable.Range(0, Events).Select(number => Event($"evt_{number}", "wide")).ToList();
        var accepted = 0;
        while (accepted < Events)
        {
            accepted += (await store.AcceptAsync(events[accepted..], CancellationToken.None)).Events;
        }

        var again = await store.AcceptAsync([.. events, Event("evt_new", "wide")], CancellationToken.None);

        Assert.Equal(Events + 1, again.Events);
        Assert.Equal(Width, again.Deliveries.Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static AcceptedEvent Event(string id, string type) =>
        new() { Id = id, Type = type, TenantId = World.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray() };
}
