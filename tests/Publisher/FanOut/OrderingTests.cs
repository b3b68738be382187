using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Ordering;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>What a delivery of an ordered subscription is ordered by is decided with its event's acceptance.</summary>
public sealed class OrderingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Events_with_the_same_value_get_the_same_key_and_those_without_one_get_none()
    {
        var ordered = await SubscribeAsync("/data/id");
        await SubscribeAsync(pointer: null);
        await _world.StartPublisherAsync();

        string[] data = ["""{"id":"a"}""", """{"id":"\u0061","n":2}""", """{"id":"b"}""", "{}", """{"id":null}""", """{"id":["a"]}""", """{"id":1}""", """{"id":1.0}"""];
        foreach (var one in data)
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", data: one));
        }

        await _world.SettledAsync();
        var keys = (await _world.Database.ColumnAsync<long>("SELECT coalesce(ordering_key, 0) FROM deliveries WHERE subscription_id = $1 ORDER BY seq", ordered.Id)).ToList();
        Assert.Equal([true, true, true, false, false, false, true, true], keys.Select(key => key != 0));
        Assert.Equal((keys[0], keys[6]), (keys[1], keys[7]));
        Assert.Equal(3, keys.Where(key => key != 0).Distinct().Count());
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE subscription_id <> $1 AND (ordering_key IS NOT NULL OR lane_due_at IS NOT NULL)", ordered.Id));
        Assert.Equal(8, (await _world.AnnouncedAsync()).Count);
    }

    [Fact]
    public async Task An_order_counts_from_the_answer_that_asked_for_it()
    {
        var subscription = await SubscribeAsync(pointer: null);
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", data: """{"id":"a"}"""));
        await _world.AnnouncementsAsync(1);
        await using (var change = await _world.Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None))
        {
            await change!.SaveAsync(change.Current with { Settings = change.Current.Settings with { OrderingKey = OrderingKey.Parse("/data/id") } }, Database.Auditing.Actor.System, CancellationToken.None);
        }

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", data: """{"id":"a"}"""));
        await _world.SettledAsync();

        Assert.Equal([false, true], await _world.DeliveriesAsync<bool>("ordering_key IS NOT NULL"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<Subscription> SubscribeAsync(string? pointer) => _world.SubscribeAsync(
        World.Tenant, SubscriptionState.Active,
        World.SettingsFor("https://receiver.example/hook", "a.b") with { OrderingKey = pointer is null ? null : OrderingKey.Parse(pointer) });
}
