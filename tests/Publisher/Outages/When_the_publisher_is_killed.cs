using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Outages;

public sealed class When_the_publisher_is_killed : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("a.*");
    }

    [Fact]
    public async Task Should_hand_over_to_the_one_that_stands_by_and_lose_nothing()
    {
        await using var first = await ServiceChild.StartAsync("Publisher", _world.Settings());
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 1, Limit, () => $"the first publisher to consume. {first.Tail}");
        var second = await _world.StartPublisherAsync();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == 2, Limit, "the second one to stand by");
        using var accepted = CountedMetric.Of(second, "webhooks.event.accepted");

        for (var number = 0; number < 50; number++)
        {
            await PublishAsync(number);
        }

        await _world.SettledAsync();
        Assert.Equal(0, accepted.Now);

        // Killed with events in hand.
        var publishing = Task.WhenAll(Enumerable.Range(50, 400).Select(PublishAsync));
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM event_keys") > 50, Limit, "the first publisher to be at work");
        await first.KillAsync();
        await publishing;
        await PublishAsync(450);
        await _world.SettledAsync();

        Assert.True(accepted.Now > 0, "The second publisher did not take over.");
        Assert.Equal(Enumerable.Range(0, 451).Select(number => $"evt_{number}").Order(), await _world.Database.ColumnAsync<string>("SELECT event_id FROM event_keys ORDER BY event_id COLLATE \"C\""));
        Assert.Equal(2 * 451, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries"));
        Assert.Equal((await _world.DeliveriesAsync<Guid>("id")).Order(), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct().Order());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task PublishAsync(int number) => _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"));
}
