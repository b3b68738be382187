using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Outages;

/// <summary>The event is accepted, but its publisher was not told: tried again, it looks like a repeat.</summary>
public sealed class When_the_answer_to_a_commit_is_lost : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Fact]
    public async Task Should_still_announce_the_deliveries()
    {
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await _world.StartPublisherAsync(_world.PostgresAt(cutter.Port));

        cutter.CutAt("COMMIT\0"u8);
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));
        await _world.SettledAsync();

        Assert.Equal(1, cutter.Cuts);
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
        Assert.Single(await _world.DeliveriesAsync<Guid>("id"));
    }

    [Fact]
    public async Task Should_still_announce_the_deliveries_when_the_group_is_halved_afterwards()
    {
        // It is taken once, and fails by its data when it is tried again.
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM event_keys WHERE event_id = NEW.event_id) THEN RAISE EXCEPTION 'this one is poison'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON event_keys FOR EACH ROW WHEN (NEW.event_id = 'evt_poison') EXECUTE FUNCTION refuse();
            """);
        // There before the publisher is: one group.
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001"));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_poison"));
        await using var cutter = AnswerCutter.Before(_world.Postgres.Port);
        await using (await _world.Database.HoldAsync("LOCK TABLE event_keys"))
        {
            await _world.StartPublisherAsync(_world.PostgresAt(cutter.Port));
            await Eventually.TrueAsync(
                async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event_keys'::regclass") > 0, World.Limit, "the group to wait");
            // Not the commits of its start.
            cutter.CutAt("COMMIT\0"u8);
        }

        await _world.SettledAsync();

        Assert.Equal(1, cutter.Cuts);
        // It was in the group that was committed unanswered: only then is it refused at the next try.
        Assert.Single(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
        Assert.Contains(
            await _world.Database.ScalarAsync<Guid>("SELECT id FROM deliveries WHERE event_id = 'evt_001'"),
            (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
