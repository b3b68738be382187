using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Webhooks.Broker.Deliveries;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Parking;

/// <summary>What cannot be processed stands in nobody's way, and says why.</summary>
public sealed class ParkingTests : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Fact]
    public async Task What_is_no_delivery_message_is_parked_with_the_reason_and_its_neighbours_are_sent()
    {
        (string Exchange, string Body)[] garbage =
        [
            (BrokerNames.DeliveriesExchange, ""),
            (BrokerNames.DeliveriesExchange, "garbage"),
            (BrokerNames.DeliveriesExchange, """{"id":"evt_001","type":"a.b","tenant_id":"tenant_001","data":{}}"""),
            (BrokerNames.DeliveriesExchange, """{"delivery_id":"0193a2b0-0000-7000-8000-000000000000","created_at":1732147200000000,"number":0}"""),
            (BrokerNames.DeliveriesExchange, """{"delivery_id":"0193a2b0-0000-7000-8000-000000000000","created_at":9223372036854775807,"number":1}"""),
            (BrokerNames.DeliveriesExchange, """{"delivery_id":"0193a2b0-0000-7000-8000-000000000000","created_at":1732147200000000,"number":1,"more":[{}]}"""),
            (BrokerNames.DeliveriesExchange, """[{"delivery_id":"0193a2b0-0000-7000-8000-000000000000","created_at":1732147200000000,"number":1}]"""),
            (BrokerNames.DeliveriesExchange, Encoding.UTF8.GetString(Announcement.Write([.. Enumerable.Repeat(new DeliveryMessage(Guid.Empty, DateTimeOffset.UnixEpoch, 1, DateTimeOffset.UnixEpoch, null), 10_000)]))),
            (BrokerNames.RetriesExchange, "[]"),
        ];

        // There before the dispatcher is: one group.
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), count: 2);
        await _world.AnnounceAsync([accepted[0]]);
        foreach (var (exchange, body) in garbage)
        {
            await _world.Bus.PublishAsync(exchange, "0", body, new BasicProperties
            {
                MessageId = "m-1",
                Headers = new Dictionary<string, object?> { ["own"] = "header" },
            });
        }

        await _world.AnnounceAsync([accepted[1]]);

        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal(["evt_1", "evt_2"], _receiver.Requests.Select(TestEvent.IdOf).Order());
        var parked = await _world.ParkedAsync();
        Assert.Equal(
            garbage.Select(message => (Queue: $"{message.Exchange}.0", message.Body)).Order(),
            parked.Select(message => (Queue: message.Queue!, Body: message.Text)).Order());
        Assert.All(parked, message =>
        {
            Assert.Equal(("m-1", "header", "not_json", null), (message.Properties.MessageId, message.Header("own"), message.Reason, message.TenantId));
            Assert.Equal((message.Reason, message.Queue), (message.Header(BrokerNames.ParkedReasonHeader), message.Header(BrokerNames.ParkedQueueHeader)));
            Assert.Contains("not a delivery message", message.Detail, StringComparison.Ordinal);
        });
        Assert.Equal((garbage.Length, 0), (await _world.CountedAsParkedAsync(""), await _world.CountedAsParkedAsync(World.Tenant)));
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    public async Task A_message_that_was_handed_over_twenty_times_is_parked_and_its_neighbour_is_sent(int times, bool isParked)
    {
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url), count: 2);
        await _world.AnnounceAsync([accepted[0]]);
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0), times);
        await _world.AnnounceAsync([accepted[1]]);

        await _world.StartDispatcherAsync();

        await _world.SettledAsync();
        Assert.Equal(isParked ? ["evt_2"] : ["evt_1", "evt_2"], _receiver.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(isParked ? [("poison", World.Tenant)] : [], (await _world.ParkedAsync()).Select(parked => (parked.Reason, parked.TenantId!)));
        Assert.Equal((isParked ? 1 : 0, 0), (await _world.CountedAsParkedAsync(World.Tenant), await _world.CountedAsParkedAsync("")));
    }

    // Tried is its record, not the request: of that the receiver knows already.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delivery_that_our_own_code_fails_on_is_parked_after_twenty_tries_while_the_others_are_sent(bool isRetry)
    {
        const int EarlierTries = 10;
        await _world.RefuseRecordsAsync();
        var poison = await _world.AcceptAsync(await _world.SubscribeAsync($"{_receiver.Url}/poison"));
        _receiver.AnswerWith = request => new Answer(request.Path == "/poison" ? 418 : 200);
        if (isRetry)
        {
            await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1");
        }

        await _world.AnnounceAsync(poison, number: isRetry ? 2 : 1);
        var queue = isRetry ? BrokerNames.RetriesQueue(0) : BrokerNames.DeliveriesQueue(0);
        await _world.Bus.TouchAsync(queue, EarlierTries);
        var healthy = await _world.SubscribeAsync($"{_receiver.Url}/healthy");
        using var counted = CountedMetric.Of(await _world.StartDispatcherAsync(), "webhooks.parked");

        // One after the other, so that each passes while the poison is in hand.
        var passed = 0;
        var watch = Stopwatch.StartNew();
        for (; await _world.Database.ScalarAsync<long>("SELECT count(*) FROM parked") == 0; passed++)
        {
            Assert.True(watch.Elapsed < World.Limit, $"Nothing is parked after {passed} others were sent.");
            var one = await _world.AcceptAsync(healthy);
            if (isRetry)
            {
                await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1 WHERE id = $1", one[0].Id);
            }

            await _world.AnnounceAsync(one, number: isRetry ? 2 : 1);
            await _world.HaveStatusAsync("delivered", passed + 1);
        }

        await _world.SettledAsync();
        var parked = Assert.Single(await _world.ParkedAsync());
        Assert.Equal(("poison", queue, World.Tenant), (parked.Reason, parked.Queue, parked.TenantId));
        Assert.Equal([KeyValuePair.Create("poison", 1L)], counted.ByTag);
        Assert.Equal(1, _receiver.Requests.Count(request => request.Path == "/poison"));
        // What is recorded together with another one may be tried twice within one try.
        Assert.InRange(await _world.TriesToRecordAsync(), 20 - EarlierTries, 2 * (20 - EarlierTries));
        Assert.True(passed > 1);
    }

    // It would fail as often as before, and be one more row for whoever looks at them, again and again.
    [Fact]
    public async Task What_was_parked_is_not_missed_and_flows_again_when_it_is_put_back()
    {
        await _world.RefuseRecordsAsync();
        _receiver.AnswerWith = request => new Answer(request.Path == "/poison" ? 418 : 200);
        await _world.DeliverAsync(await _world.SubscribeAsync($"{_receiver.Url}/poison"));
        await _world.Bus.TouchAsync(BrokerNames.DeliveriesQueue(0), times: 18);
        await _world.StartDispatcherAsync(("Webhooks:OwedGrace", "00:00:02"));
        await _world.HaveParkedAsync(1);

        // Its message is missed, and it is looked for in the order of acceptance: ours was looked at before.
        await _world.AcceptAsync(await _world.SubscribeAsync($"{_receiver.Url}/lost"));
        await _world.HaveStatusAsync("delivered", 1);

        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending' AND (due_at IS NOT NULL OR owed_times < 10)"));
        Assert.Equal((1, 2), (_receiver.Requests.Count(request => request.Path == "/poison"), await _world.TriesToRecordAsync()));
        var parked = Assert.Single(await _world.ParkedAsync());

        _receiver.AnswerWith = _ => Answer.Ok;
        await _world.Bus.PublishAsync("", parked.Queue!, parked.Body);
        await _world.HaveStatusAsync("delivered", 2);
        Assert.Equal([1, 1], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task A_parked_message_waits_for_the_database_and_is_counted_with_its_row()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        using var counted = CountedMetric.Of(dispatcher, "webhooks.parked");
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();

        relay.Cut();
        await _world.Bus.PublishAsync(BrokerNames.DeliveriesExchange, "0", "garbage");
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM parked"));
        relay.Restore();

        await _world.HaveParkedAsync(1);
        await _world.SettledAsync();
        Assert.Equal(1, await _world.CountedAsParkedAsync(""));
        Assert.Equal([KeyValuePair.Create("not_json", 1L)], counted.ByTag);
    }

    [Fact]
    public async Task A_message_is_counted_once_although_the_database_did_not_confirm_that_it_was()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        var published = 0;
        do
        {
            Assert.InRange(++published, 1, 10);
            relay.LoseAnswers();
            await _world.Bus.PublishAsync(BrokerNames.DeliveriesExchange, "0", "garbage");
            // Whoever comes first may take the connections that are open: then there is no other to be had, and one more round.
        }
        while (!await IsCountedAsync());
        relay.Restore();

        await _world.HaveParkedAsync(published);
        await _world.SettledAsync();
        Assert.Equal((published, published), ((await _world.ParkedAsync()).Count, await _world.CountedAsParkedAsync("")));

        // True: the accounts say so, although their answer is lost.
        async Task<bool> IsCountedAsync()
        {
            var waited = Stopwatch.StartNew();
            while (await _world.CountedAsParkedAsync("") < published && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                await Task.Delay(20);
            }

            if (await _world.CountedAsParkedAsync("") >= published)
            {
                return true;
            }

            relay.Restore();
            await _world.HaveParkedAsync(published);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }
}
