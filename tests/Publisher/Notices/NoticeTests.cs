using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Publisher.FanOut;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Notices;
using Webhooks.Subscriptions.Shaping.Filters;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Notices;

/// <summary>What becomes of a notice: one event for those who named its type, one message for the neighbours, and then nothing.</summary>
public sealed class NoticeTests : IAsyncLifetime
{
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private World _world = null!;
    private Told _told = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _told = await Told.ListenAsync(_world);
    }

    [Fact]
    public async Task A_notification_is_plain_json_with_what_MassTransit_looks_for()
    {
        await _world.StartPublisherAsync();

        await _told.LeaveAsync(new Notice("sub_1_disabled_7", World.Tenant, NotificationTypes.SubscriptionDisabled, Told.At, """{"subscription_id":"sub_1","reason":"Größe"}"""u8.ToArray(), Traceparent));

        var message = await _told.NextAsync();
        Assert.Equal(
            """{"id":"sub_1_disabled_7","type":"subscription.disabled","timestamp":"2024-01-20T10:30:00.987Z","tenant_id":"tenant_001","data":{"subscription_id":"sub_1","reason":"Größe"}}""",
            message.Text());
        Assert.Equal("subscription.disabled", message.RoutingKey);
        Assert.Equal(
            ("application/json", "sub_1_disabled_7", "subscription.disabled", true),
            (message.BasicProperties.ContentType, message.BasicProperties.MessageId, message.BasicProperties.Type, message.BasicProperties.Persistent));
        Assert.Equal("urn:message:Webhooks.Contracts:SubscriptionDisabled;urn:message:Webhooks.Contracts:Notification", message.Header("MT-MessageType"));
        Assert.Equal((Traceparent, Traceparent), (message.Header("traceparent"), message.Header("MT-Activity-Id")));
        var read = JsonSerializer.Deserialize<SubscriptionDisabled>(message.Text())!;
        Assert.Equal((Told.At, "Größe"), (read.Timestamp, read.Data.Reason));
        Assert.Empty(await _told.AllAsync());
    }

    [Fact]
    public async Task The_event_goes_to_the_tenants_subscriptions_that_name_the_type()
    {
        var named = await _world.SubscribeAsync("webhook.delivery_exhausted");
        var below = await _world.SubscribeAsync("webhook.*");
        await _world.SubscribeAsync("*");
        await _world.SubscribeAsync("webhook.delivery_failed");
        await _world.SubscribeAsync("delivery.exhausted");
        await _world.SubscribeAsync("tenant_002", SubscriptionState.Active, "webhook.delivery_exhausted");
        await _world.SubscribeAsync(World.Tenant, SubscriptionState.Disabled, "webhook.delivery_exhausted");
        await _world.StartPublisherAsync();

        await _told.LeaveAsync(Told.Exhausted(1) with { Traceparent = Traceparent });
        await _told.SettledAsync();

        Assert.Equal(new[] { named.Id, below.Id }.Order(), (await _world.DeliveriesAsync<Guid>("subscription_id")).Order());
        Assert.All(await _world.DeliveriesAsync<bool>("due_at IS NOT NULL AND status = 'pending' AND last_attempt = 0"), Assert.True);
        Assert.Equal(
            $$"""dlv_1_exhausted webhook.delivery_exhausted {{World.Tenant}} 2024-01-20T10:30:00.987Z 1.0 {"number":1} {{Traceparent}}""",
            await _world.Database.ScalarAsync<string>(
                "SELECT concat_ws(' ', event_id, type, tenant_id, occurred_at, version, convert_from(data, 'UTF8'), context_id, traceparent) FROM events"));
        // The due-poller announces them: nothing but the commit is needed.
        Assert.Empty(await _world.AnnouncedAsync());
    }

    [Fact]
    public async Task Events_that_many_named_are_accepted_in_several_transactions()
    {
        const int Width = 450;
        const int Count = 50;
        await _world.SubscribeManyAsync(Width, "webhook.delivery_exhausted");
        await _told.LeaveAsync(Enumerable.Range(1, Count).Select(number => Told.Exhausted(number)));

        await _world.StartPublisherAsync();

        await _told.SettledAsync();
        Assert.Equal(Enumerable.Range(1, Count).SelectMany(number => Enumerable.Repeat($"dlv_{number}_exhausted", Width)), await _world.DeliveriesAsync<string>("event_id"));
        var together = await _world.Database.ColumnAsync<long>("SELECT count(*) FROM deliveries GROUP BY xmin::text ORDER BY min(seq)");
        Assert.All(together, deliveries => Assert.InRange(deliveries, 1, GroupSize.MostDeliveries));
    }

    [Fact]
    public async Task An_event_that_nobody_named_is_not_stored()
    {
        await _world.SubscribeAsync("*");
        await _world.StartPublisherAsync();

        await _told.LeaveAsync(Told.Exhausted(1));

        Assert.Equal(Told.Ids(1, 1), await _told.AllAsync());
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM events"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM event_keys"));
    }

    [Fact]
    public async Task A_filter_holds_for_them_as_for_any_event()
    {
        await _world.SubscribeAsync(
            World.Tenant, SubscriptionState.Active,
            World.SettingsFor("https://receiver.example/", "webhook.*") with { Filter = EventFilter.Parse("""{"/data/number":{"gte":2}}""") });
        await _world.StartPublisherAsync();

        await _told.LeaveAsync(Told.Exhausted(1), Told.Exhausted(2));
        await _told.SettledAsync();

        Assert.Equal(["dlv_2_exhausted"], await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task The_same_notice_again_is_published_again_and_is_no_second_event()
    {
        await _world.SubscribeAsync("webhook.*");
        await _world.StartPublisherAsync();
        await _told.LeaveAsync(Told.Exhausted(1));
        await _told.SettledAsync();

        await _told.LeaveAsync(Told.Exhausted(1));

        Assert.Equal(["dlv_1_exhausted", "dlv_1_exhausted"], await _told.AllAsync());
        Assert.Single(await _world.DeliveriesAsync<Guid>("id"));
    }

    [Fact]
    public async Task Several_publishers_tell_each_notice_once_and_in_order()
    {
        const int Notices = 1_000;
        await _world.SubscribeAsync("webhook.*");
        await _world.StartPublisherAsync();
        await _world.StartPublisherAsync();
        await _world.StartPublisherAsync();

        foreach (var chunk in Enumerable.Range(0, Notices).Chunk(40))
        {
            await _told.LeaveAsync(chunk.Select(number => Told.Exhausted(number)));
        }

        Assert.Equal(Told.Ids(0, Notices), await _told.AllAsync());
        Assert.Equal(Told.Ids(0, Notices), await _world.DeliveriesAsync<string>("event_id"));
    }

    [Fact]
    public async Task A_neighbour_whose_queue_is_full_keeps_it_from_nobody_else()
    {
        await _world.Bus.Channel.QueueDeclareAsync(
            "full", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" });
        await _world.Bus.Channel.QueueBindAsync("full", BrokerNames.NotificationsExchange, "#");
        await _world.StartPublisherAsync();

        foreach (var number in Enumerable.Range(0, 20))
        {
            await _told.LeaveAsync(Told.Exhausted(number));
            await _told.SettledAsync();
        }

        Assert.Equal(Told.Ids(0, 20), await _told.AllAsync());
        Assert.Equal(1, await _world.Bus.CountAsync("full"));
    }

    [Fact]
    public async Task One_that_can_be_no_event_is_published_once_and_holds_up_no_other()
    {
        await _world.SubscribeAsync("webhook.*");
        await _world.Database.ExecuteAsync("ALTER TABLE events ADD CONSTRAINT not_two CHECK (event_id <> 'dlv_2_exhausted')");
        await _world.StartPublisherAsync();

        await _told.LeaveAsync(Enumerable.Range(1, 3).Select(number => Told.Exhausted(number)));

        Assert.Equal(Told.Ids(1, 3), await _told.AllAsync());
        Assert.Equal(["dlv_1_exhausted", "dlv_3_exhausted"], await _world.DeliveriesAsync<string>("event_id"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
