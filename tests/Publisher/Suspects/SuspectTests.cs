using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Suspects;

/// <summary>To be in hand when others die is nobody's fault, however often.</summary>
public sealed class SuspectTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(25)]
    public async Task What_is_fatal_to_nobody_is_accepted_in_order_however_often_it_was_handed_over(int times)
    {
        // The same message many times over must not be taken for one that was tried as often.
        var published = Enumerable.Range(0, 60).Select(number => $"evt_{number}").SelectMany(id => Enumerable.Repeat(id, id == "evt_7" ? 6 : 1)).ToList();
        foreach (var id in published)
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", id));
        }

        await _world.Bus.HoldAsync(BrokerNames.PublisherQueue, published.Count, times);
        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(published.Distinct(), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct());
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM suspects"));
    }

    // A database that is away for an hour, or publishers that are stopped, count as much as that for an only event, and the publisher that
    // comes then knows nothing of it. With others behind it that nobody has held.
    [Fact]
    public async Task An_only_one_is_accepted_however_often_it_was_handed_over()
    {
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_0"));
        await _world.Bus.TouchAsync(BrokerNames.PublisherQueue, times: 25);
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_1"));

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(["evt_0", "evt_1"], await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    // It throws, and kills nobody: no need to try it again.
    [Fact]
    public async Task One_that_cannot_be_stored_is_parked_at_its_first_try_alone()
    {
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this one is poison'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id = 'evt_1') EXECUTE FUNCTION refuse();
            """);
        foreach (var number in Enumerable.Range(0, 3))
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"));
        }

        await _world.Bus.HoldAsync(BrokerNames.PublisherQueue, messages: 3, times: 20);
        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(["evt_0", "evt_2"], await _world.DeliveriesAsync<string>("event_id"));
        var parked = Assert.Single(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
        Assert.Contains("this one is poison", parked.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM suspects"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
