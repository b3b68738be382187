using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

public sealed class FanOutTests : IAsyncLifetime
{
    private const string Traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task An_event_becomes_a_row_and_a_message_for_each_subscription_that_wants_it()
    {
        var exact = await _world.SubscribeAsync("exception.created");
        var below = await _world.SubscribeAsync("exception.*", "match.confirmed");
        var all = await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("exception.resolved");
        await _world.SubscribeAsync("tenant_002", SubscriptionState.Active, "*");
        await _world.SubscribeAsync(World.Tenant, SubscriptionState.Disabled, "*");
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "exception.created", "evt_001"), new BasicProperties
        {
            Headers = new Dictionary<string, object?> { ["traceparent"] = Traceparent },
        });

        var announced = await _world.AnnouncementsAsync(3);
        await _world.SettledAsync();
        Assert.Equal(new[] { exact.Id, below.Id, all.Id }.Order(), (await _world.DeliveriesAsync<Guid>("subscription_id")).Order());
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), announced.Select(message => message.DeliveryId));
        Assert.Equal(await _world.DeliveriesAsync<DateTimeOffset>("created_at"), announced.Select(message => message.CreatedAt));
        Assert.All(announced, message => Assert.Equal((1, Traceparent), (message.Number, message.Traceparent)));
        Assert.Equal(
            Enumerable.Repeat("tenant_001 evt_001 exception.created 1 pending 0", 3),
            await _world.DeliveriesAsync<string>("concat_ws(' ', tenant_id, event_id, event_type, revision, status, last_attempt)"));
        Assert.Empty(await _world.AnnouncedAsync());
    }

    [Fact]
    public async Task A_filter_decides_by_the_events_values()
    {
        var large = await SubscribeAsync("""{"/data/amount":{"gte":15000}}""");
        var high = await SubscribeAsync("""{"/data/severity":{"eq":"HIGH"},"/type":{"starts_with":"exception."}}""");
        await SubscribeAsync("""{"/data/missing":{"eq":1}}""");
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "exception.created", "evt_001", """{"amount":15000.00,"severity":"LOW","odd":"\ud800"}"""));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "exception.created", "evt_002", """{"amount":14999.99,"severity":"HIGH"}"""));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "exception.created", "evt_003"));

        await _world.SettledAsync();
        Assert.Equal([("evt_001", large), ("evt_002", high)], (await _world.DeliveriesAsync<string>("event_id")).Zip(await _world.DeliveriesAsync<Guid>("subscription_id")));
        Assert.Equal(2, (await _world.AnnouncedAsync()).Count);

        async Task<Guid> SubscribeAsync(string filter) => (await _world.SubscribeAsync(
            World.Tenant, SubscriptionState.Active, World.SettingsFor("https://receiver.example", "exception.*") with { Filter = EventFilter.Parse(filter) })).Id;
    }

    [Fact]
    public async Task An_event_that_nobody_wants_is_kept_all_the_same()
    {
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "exception.created", "evt_001"));

        await _world.SettledAsync();
        Assert.Equal("evt_001", await _world.Database.ScalarAsync<string>("SELECT event_id FROM events JOIN event_keys USING (created_at, tenant_id, event_id)"));
        Assert.Empty(await _world.AnnouncedAsync());
    }

    [Fact]
    public async Task The_event_is_kept_as_it_was_spelled()
    {
        await _world.StartPublisherAsync();

        await _world.Bus.PublishAsync(
            BrokerNames.EventsExchange, "exception.created",
            """
            { "type": "exception.created", "id": "evt_001", "tenant_id": "tenant_001", "timestamp": "2024-01-20T10:30:00.5+01:00",
              "version": "2.1", "context_id": "ctx_abc123", "unknown": 1,
              "data": { "z": 1E3, "a": 1000.0, "z2": "\u00e4 ü" }, "metadata": { "correlation_id": "req_xyz789", "n": 1.10 } }
            """,
            new BasicProperties { Headers = new Dictionary<string, object?> { ["MT-Activity-Id"] = Traceparent } });

        await _world.SettledAsync();
        Assert.Equal(
            "exception.created|2024-01-20T10:30:00.5+01:00|2.1|ctx_abc123|req_xyz789|" + Traceparent,
            await _world.Database.ScalarAsync<string>("SELECT concat_ws('|', type, occurred_at, version, context_id, correlation_id, traceparent) FROM events"));
        Assert.Equal("""{"z":1E3,"a":1000.0,"z2":"ä ü"}""", Encoding.UTF8.GetString(await _world.Database.ScalarAsync<byte[]>("SELECT data FROM events")));
        Assert.Equal("""{"correlation_id":"req_xyz789","n":1.10}""", Encoding.UTF8.GetString(await _world.Database.ScalarAsync<byte[]>("SELECT metadata FROM events")));
    }

    [Theory]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\0")]
    [InlineData("It is as long as a trace's parent, and it is none: ....")]
    public async Task What_stands_in_place_of_a_trace_does_not_hinder_the_event(string traceparent)
    {
        await _world.StartPublisherAsync();

        await _world.Bus.PublishAsync(
            BrokerNames.EventsExchange, "a.b", """{"id":"evt_001","type":"a.b","tenant_id":"tenant_001","data":{}}""",
            new BasicProperties { Headers = new Dictionary<string, object?> { ["traceparent"] = traceparent } });

        await _world.SettledAsync();
        Assert.Equal(1, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM events WHERE traceparent IS NULL"));
    }

    [Fact]
    public async Task An_event_without_a_timestamp_gets_the_moment_of_its_acceptance()
    {
        await _world.StartPublisherAsync();

        await _world.Bus.PublishAsync(BrokerNames.EventsExchange, "a.b", """{"id":"evt_001","type":"a.b","tenant_id":"tenant_001","data":{}}""");

        await _world.SettledAsync();
        var occurredAt = DateTimeOffset.Parse(await _world.Database.ScalarAsync<string>("SELECT occurred_at FROM events"), CultureInfo.InvariantCulture);
        var createdAt = await _world.Database.ScalarAsync<DateTime>("SELECT created_at FROM events");
        Assert.InRange((createdAt - occurredAt.UtcDateTime).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task MassTransits_envelope_is_read_like_plain_JSON()
    {
        var subscription = await _world.SubscribeAsync("exception.created");
        await _world.StartPublisherAsync();

        // As MassTransit 8.4 wrote it, but for the host's members.
        await _world.Bus.PublishAsync(
            BrokerNames.DomainEventExchange, "",
            """
            {
              "messageId": "c8a60000-5d2b-0015-7c2e-08dd2f2f4a01",
              "requestId": null, "correlationId": null,
              "conversationId": "c8a60000-5d2b-0015-8b10-08dd2f2f4a02", "initiatorId": null,
              "sourceAddress": "rabbitmq://127.0.0.1/domain", "destinationAddress": "rabbitmq://127.0.0.1/Webhooks.Contracts:DomainEvent",
              "responseAddress": null, "faultAddress": null,
              "messageType": ["urn:message:Webhooks.Contracts:DomainEvent"],
              "message": {
                "id": "evt_001", "type": "exception.created", "timestamp": "2024-01-20T10:30:00Z", "tenant_id": "tenant_001",
                "data": { "amount": 1000.0 }, "metadata": { "source": "matching_engine" }
              },
              "expirationTime": null, "sentTime": "2024-01-20T10:30:01.5Z", "headers": {}
            }
            """,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Headers = new Dictionary<string, object?> { ["MT-Activity-Id"] = Traceparent } });

        var announced = Assert.Single(await _world.AnnouncementsAsync(1));
        Assert.Equal(Traceparent, announced.Traceparent);
        Assert.Equal(subscription.Id, Assert.Single(await _world.DeliveriesAsync<Guid>("subscription_id")));
        Assert.Equal("""{"amount":1000.0}""", Encoding.UTF8.GetString(await _world.Database.ScalarAsync<byte[]>("SELECT data FROM events")));
        Assert.Equal("evt_001", await _world.Database.ScalarAsync<string>("SELECT event_id FROM events"));
    }

    [Fact]
    public async Task The_order_of_acceptance_is_the_order_in_the_queue()
    {
        await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("*");
        var published = Enumerable.Range(0, 300).Select(number => $"evt_{number}").ToList();
        await Task.WhenAll(published.Select(id => _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", id))));

        await _world.StartPublisherAsync();

        var announced = await _world.AnnouncementsAsync(600);
        Assert.Equal(published, (await _world.DeliveriesAsync<string>("event_id")).Distinct());
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), announced.Select(message => message.DeliveryId));
        Assert.Equal(published, await _world.Database.ColumnAsync<string>("SELECT event_id FROM events ORDER BY created_at"));
        Assert.Equal(300, await _world.Database.ScalarAsync<long>("SELECT count(DISTINCT created_at) FROM events"));
    }

    [Fact]
    public async Task What_is_accepted_together_is_announced_in_few_messages()
    {
        const int Events = 300;
        await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("*");
        await Task.WhenAll(Enumerable.Range(0, Events).Select(number => _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"))));

        await _world.StartPublisherAsync();

        await _world.SettledAsync();
        var messages = await _world.Bus.DrainAsync(BrokerNames.DeliveriesQueue(0));
        // Turns of a hundred events and more; some are smaller.
        Assert.InRange(messages.Count, 2 * Events / Announcement.MostTogether, Events / 2);
        var announced = messages.SelectMany(message => Announcement.Read(message.Body.Span, out _)!).ToList();
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), announced.Select(delivery => delivery.DeliveryId));
        Assert.Equal(2 * Events, announced.Count);
    }

    // As it was before several could go together: nobody has to know of that who reads this.
    [Fact]
    public async Task What_is_accepted_alone_is_announced_alone()
    {
        await _world.SubscribeAsync("*");
        await _world.StartPublisherAsync();

        for (var number = 0; number < 3; number++)
        {
            await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b", $"evt_{number}"));
            await _world.SettledAsync();
        }

        var messages = await _world.Bus.DrainAsync(BrokerNames.DeliveriesQueue(0));
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), messages.Select(message => DeliveryMessage.Read(message.Body.Span)!.DeliveryId));
        Assert.All(messages, message => Assert.DoesNotContain("more", message.Text(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_answered_before_an_event_is_honoured()
    {
        await _world.StartPublisherAsync();

        // No wait in between: the publisher reads the configuration's version after the event has come.
        for (var round = 0; round < 20; round++)
        {
            var subscription = await _world.SubscribeAsync($"tenant_{round}", SubscriptionState.Active, "a.b");
            await _world.PublishAsync(TestEvent.Create($"tenant_{round}", "a.b", "evt_before"));
            await _world.AnnouncementsAsync(1);
            await _world.Subscriptions.DisableAsync(subscription.Id, "test", CancellationToken.None);
            await _world.PublishAsync(TestEvent.Create($"tenant_{round}", "a.b", "evt_after"));
        }

        await _world.SettledAsync();
        Assert.Equal(Enumerable.Range(0, 20).Select(round => $"tenant_{round} evt_before"), await _world.DeliveriesAsync<string>("concat_ws(' ', tenant_id, event_id)"));
    }

    [Fact]
    public async Task Announcements_are_spread_over_the_shards_of_their_subscriptions()
    {
        var subscriptions = new List<Subscription>();
        for (var number = 0; number < 12; number++)
        {
            subscriptions.Add(await _world.SubscribeAsync("a.b"));
        }

        await _world.StartPublisherAsync(("Webhooks:Shards", "3"));
        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));
        await _world.SettledAsync();

        Assert.Equal(3, (await new SettingsStore(_world.Database).ReadAsync(CancellationToken.None)).Shards);
        for (var shard = 0; shard < 3; shard++)
        {
            var expected = subscriptions.Where(one => Shard.Of(PrefixedId.Format(PrefixedId.Subscription, one.Id), 3) == shard).Select(one => one.Id);
            var announced = (await _world.AnnouncedAsync(shard)).Select(message => message.DeliveryId).ToArray();
            Assert.Equal(expected.Order(), (await _world.Database.ColumnAsync<Guid>("SELECT subscription_id FROM deliveries WHERE id = ANY ($1)", announced)).Order());
        }
    }

    [Fact]
    public async Task One_event_for_thousands_of_subscriptions_reaches_all()
    {
        // More than one statement takes, and more than is announced at once.
        var ids = await _world.SubscribeManyAsync(5_500, "a.b");
        await _world.StartPublisherAsync();

        await _world.PublishAsync(TestEvent.Create(World.Tenant, "a.b"));
        await _world.SettledAsync();

        Assert.Equal(ids.Order(), (await _world.DeliveriesAsync<Guid>("subscription_id")).Order());
        Assert.Equal(await _world.DeliveriesAsync<Guid>("id"), (await _world.AnnouncedAsync()).Select(message => message.DeliveryId));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
