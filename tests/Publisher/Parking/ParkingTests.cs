using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Caching;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Publisher.Tests.Parking;

/// <summary>What cannot be processed stands in nobody's way, and says why.</summary>
public sealed class ParkingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        await _world.SubscribeAsync("*");
    }

    [Theory]
    [InlineData("not_json", "The body is not JSON", "{\"id\":\"evt_bad\",")]
    [InlineData("not_json", "The body is not JSON", "")]
    [InlineData("invalid_event", "/tenant_id is required", """{"id":"evt_bad","type":"a.b","data":{}}""")]
    [InlineData("invalid_event", "/data must be an object", """{"id":"evt_bad","type":"a.b","tenant_id":"tenant_001","data":[]}""")]
    [InlineData("invalid_event", "JSON object", "[]")]
    public async Task What_is_no_event_is_parked_with_the_reason_and_its_neighbours_pass(string reason, string detail, string body)
    {
        // There before the publisher is: one group.
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001"));
        await _world.Bus.PublishAsync(BrokerNames.EventsExchange, "a.b", body, new BasicProperties
        {
            MessageId = "m-1",
            Headers = new Dictionary<string, object?> { ["own"] = "header" },
        });
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_002"));

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(["evt_001", "evt_002"], await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(2, (await _world.AnnouncedAsync()).Count);
        var parked = Assert.Single(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
        Assert.Equal((body, "m-1", "header"), (parked.Text(), parked.BasicProperties.MessageId, parked.Header("own")));
        Assert.Equal((reason, BrokerNames.PublisherQueue), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedQueueHeader)));
        Assert.Contains(detail, parked.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
        var whose = body.Contains(World.Tenant, StringComparison.Ordinal) ? World.Tenant : "";
        Assert.Equal(whose, parked.Header(BrokerNames.ParkedTenantHeader) ?? "");
    }

    // Our client reads the id as 300 bytes, and AMQP has room for 255. Its publisher would die of it, and the next one.
    [Fact]
    public async Task What_is_no_event_and_cannot_be_written_again_as_it_came_is_parked_without_that()
    {
        await _world.Bus.PublishAsync(BrokerNames.EventsExchange, "a.b", "garbage"u8.ToArray(), RawProperties.OfMessageId([.. Enumerable.Repeat((byte)0xff, 100)]));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001"));

        var publisher = await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Null(publisher.FatalFault);
        Assert.Equal(["evt_001"], await _world.DeliveriesAsync<string>("event_id"));
        var parked = Assert.Single(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
        Assert.Equal(("garbage", "not_json", false), (parked.Text(), parked.Header(BrokerNames.ParkedReasonHeader), parked.BasicProperties.IsMessageIdPresent()));
    }

    [Fact]
    public async Task An_event_may_have_256_KiB_and_not_a_byte_more()
    {
        const int Most = 256 * 1024;
        using var counted = CountedMetric.Of(await _world.StartPublisherAsync(), "webhooks.parked");

        await _world.PublishAsync(Sized("evt_fits", Most));
        await _world.PublishAsync(Sized("evt_bad", Most + 1));

        await _world.SettledAsync();
        Assert.Equal(["evt_fits"], await _world.DeliveriesAsync<string>("event_id"));
        var parked = Assert.Single(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));
        Assert.Equal(Most + 1, parked.Body.Length);
        Assert.Equal("too_large", parked.Header(BrokerNames.ParkedReasonHeader));
        Assert.Contains("262145", parked.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
        Assert.Equal([KeyValuePair.Create("too_large", 1L)], counted.ByTag);
    }

    [Fact]
    public async Task The_largest_event_can_be_configured()
    {
        await _world.StartPublisherAsync(("Webhooks:MaxEventBytes", "2048"));

        await _world.PublishAsync(Sized("evt_bad", 2049));

        Assert.Equal("too_large", (await _world.Bus.TakeAsync(BrokerNames.ParkingQueue)).Header(BrokerNames.ParkedReasonHeader));
    }

    [Fact]
    public async Task An_event_that_PostgreSQL_refuses_is_found_in_its_group_and_parked_as_poison()
    {
        // Nothing that passes the reader is refused by the real tables; this stands for what we did not think of.
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this one is poison'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id IN ('evt_7', 'evt_42')) EXECUTE FUNCTION refuse();
            """);
        var published = Enumerable.Range(0, 60).Select(number => $"evt_{number}").ToList();
        foreach (var id in published)
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", id));
        }

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        Assert.Equal(published.Except(["evt_7", "evt_42"]), await _world.DeliveriesAsync<string>("event_id"));
        Assert.Equal(58, (await _world.AnnouncedAsync()).Count);
        var parked = await _world.Bus.DrainAsync(BrokerNames.ParkingQueue);
        Assert.Equal(2, parked.Count);
        Assert.All(parked, message => Assert.Equal(("poison", World.Tenant), (message.Header(BrokerNames.ParkedReasonHeader), message.Header(BrokerNames.ParkedTenantHeader))));
        Assert.All(parked, message => Assert.Contains("this one is poison", message.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_goes_back_to_its_queue_while_its_group_waits_for_the_database_is_parked_once()
    {
        // It waits to the end, however long a busy machine takes for what comes meanwhile.
        var patient = new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { CommandTimeout = 600 };
        await _world.StartPublisherAsync(("ConnectionStrings:Postgres", patient.ConnectionString));
        await using (await _world.Database.HoldAsync("LOCK TABLE event_keys"))
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001"));
            await _world.Bus.PublishAsync(BrokerNames.EventsExchange, "a.b", "garbage");
            await Eventually.TrueAsync(
                async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1,
                World.Limit, "the group to wait");
            await _world.CloseConnectionsAsync();
            await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(BrokerNames.PublisherQueue) == 2, World.Limit, "both to be handed over again");
        }

        await _world.SettledAsync();
        await _world.Bus.WaitForCountAsync(BrokerNames.ParkingQueue, 1);
    }

    // As Management would leave it that already encrypts with a key which this publisher was not given, or is newer than it.
    [Theory]
    [InlineData("subscription_secrets SET key_id = 'newer'", "subscription_secrets SET key_id = 'test'")]
    [InlineData("subscription_revisions SET profile = 'newer'", "subscription_revisions SET profile = 'matcher'")]
    [InlineData("subscription_revisions SET filter = '{\"newer\":1}'", "subscription_revisions SET filter = NULL")]
    [InlineData("subscription_revisions SET signature = '{\"algorithm\":\"newer\"}'", "subscription_revisions SET signature = NULL")]
    [InlineData("subscription_revisions SET signature = '{\"newer\":1}'", "subscription_revisions SET signature = NULL")]
    [InlineData("subscription_revisions SET transform = '{\"newer\":1}'", "subscription_revisions SET transform = NULL")]
    public async Task A_configuration_that_cannot_be_read_ends_the_service_and_parks_nobodys_event(string broken, string mended)
    {
        var publisher = await _world.StartPublisherAsync();
        var subscription = await _world.SubscribeAsync("*");
        // Right after a reload, so that the event is what meets the change first.
        var cache = publisher.Services.GetRequiredService<SubscriptionCache>();
        await Eventually.TrueAsync(() => cache.Current.ById.ContainsKey(subscription.Id), World.Limit, "the subscription to be known");

        await _world.Database.ExecuteAsync($"UPDATE {broken} WHERE subscription_id = $1", subscription.Id);
        await _world.Database.ExecuteAsync("UPDATE subscriptions SET config_version = config_version + 1 WHERE id = $1", subscription.Id);
        await _world.Database.ExecuteAsync("UPDATE settings SET value = value + 1 WHERE name = 'config_version'");

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", "evt_001"));

        await Eventually.TrueAsync(() => publisher.Ended.IsCancellationRequested, World.Limit, "the service to end");
        await publisher.DisposeAsync();
        // The broker takes back what its connection held, a moment after it has ended.
        await _world.Bus.WaitForCountAsync(BrokerNames.PublisherQueue, 1);
        Assert.Empty(await _world.Bus.DrainAsync(BrokerNames.ParkingQueue));

        await _world.Database.ExecuteAsync($"UPDATE {mended} WHERE subscription_id = $1", subscription.Id);
        await _world.StartPublisherAsync();
        Assert.Equal(2, (await _world.AnnouncementsAsync(2)).Count);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static TestEvent Sized(string id, int bytes)
    {
        var small = TestEvent.Create(World.Tenant, "a.b", id, """{"pad":""}""").Body.Length;
        var sized = TestEvent.Create(World.Tenant, "a.b", id, $$"""{"pad":"{{new string('x', bytes - small)}}"}""");
        Assert.Equal(bytes, sized.Body.Length);
        return sized;
    }
}
