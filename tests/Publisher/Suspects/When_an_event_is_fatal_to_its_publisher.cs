using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Suspects;

/// <summary>Whoever holds it dies, with hundreds of others in hand that have done nothing.</summary>
public sealed class When_an_event_is_fatal_to_its_publisher : IAsyncLifetime
{
    private const int Events = 300;

    // Of the deaths that it takes, the last ones are a publisher's.
    private const int Last = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string[] Fatal = ["evt_100", "evt_101"];

    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_park_that_one_after_twenty_tries_and_accept_the_others_in_order()
    {
        // What is held up here holds its publisher until it is killed.
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$;
            CREATE TRIGGER hold_up BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id IN ('evt_100', 'evt_101')) EXECUTE FUNCTION hold_up();
            """);
        var published = Enumerable.Range(0, Events).Select(number => $"evt_{number}").ToList();
        foreach (var id in published)
        {
            await _world.PublishAsync(Event(id));
        }

        await _world.Bus.HoldAsync(BrokerNames.PublisherQueue, Events, times: BrokerTopology.PoisonCount - Last);
        // The second one is known to be fatal only when the first one is out of the way.
        for (var death = 0; death < Last * Fatal.Length; death++)
        {
            await DieAsync();
        }

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(published.Except(Fatal), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal((await _world.DeliveriesAsync<Guid>("id")).Order(), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId).Distinct().Order());
        var parked = await _world.Bus.DrainAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Fatal.Select(id => Event(id).Body), parked.Select(message => message.Body.ToArray()));
        Assert.All(parked, message => Assert.Equal(("poison", World.Tenant), (message.Header(BrokerNames.ParkedReasonHeader), message.Header(BrokerNames.ParkedTenantHeader))));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM suspects"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static TestEvent Event(string id) => TestEvent.Create(World.Tenant, "a.b", id);

    /// <summary>A publisher comes, gets as far as it can, and is killed.</summary>
    private async Task DieAsync()
    {
        await using var publisher = await ServiceChild.StartAsync("Publisher", _world.Settings());
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") > 0,
            Limit, () => $"the fatal event to be at work. {publisher.Tail}");
        await publisher.KillAsync();
        // Its session would hold the event's key for as long as it sleeps, unless PostgreSQL has seen already that nobody is there any more.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 0,
            Limit, "its session to end");
    }
}
