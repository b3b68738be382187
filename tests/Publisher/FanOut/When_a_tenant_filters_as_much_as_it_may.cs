using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Ordering;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>What one tenant's filters and events cost is for it to choose; it must not be able to stop the publisher for all.</summary>
public sealed class When_a_tenant_filters_as_much_as_it_may : IAsyncLifetime
{
    private const int Subscriptions = 500;
    private const int MostConditions = 100;
    private const int MostAlternatives = 100;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_accept_its_events_and_those_of_the_others()
    {
        // Nothing that is asked for is there, so each filter is gone through to its end.
        var absent = Enumerable.Range(0, MostConditions - 1).Select(number => $$"""{"/data/absent{{number}}":{"exists":true} }""");
        var alternatives = string.Join(",", Enumerable.Range(1, MostAlternatives));
        await _world.SubscribeManyAsync(Subscriptions, "large", $$$"""{ "any":[ {{{string.Join(",", absent)}}}, {"/data/number":{"in":[ {{{alternatives}}} ]} } ] }""");
        await _world.SubscribeAsync(World.Tenant, SubscriptionState.Active, World.SettingsFor("https://receiver.example", "large") with { OrderingKey = OrderingKey.Parse("/data/number") });
        var members = string.Join(",", Enumerable.Range(0, 28_000).Select(number => $"\"{number:x}\":1"));
        var wide = TestEvent.Create(World.Tenant, "large", "evt_wide", $$"""{ {{members}} }""");
        var longest = TestEvent.Create(World.Tenant, "large", "evt_long", $$"""{"number":1e{{new string('9', 250_000)}} }""");
        Assert.All([wide, longest], large => Assert.InRange(large.Body.Length, 220 * 1024, new PublisherOptions().MaxEventBytes));
        await _world.SubscribeAsync("tenant_002", SubscriptionState.Active, "a.b");
        await _world.StartPublisherAsync();

        await _world.PublishAsync(wide);
        await _world.PublishAsync(longest);
        await _world.PublishAsync(TestEvent.Create("tenant_002", "a.b", "evt_other"));

        await Eventually.TrueAsync(
            async () => (await _world.Database.ColumnAsync<string>("SELECT event_id FROM events ORDER BY created_at")).SequenceEqual(["evt_wide", "evt_long", "evt_other"]),
            Limit, "all three to be accepted");
        await _world.SettledAsync();
        Assert.Equal(["evt_wide", "evt_long", "evt_other"], await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
