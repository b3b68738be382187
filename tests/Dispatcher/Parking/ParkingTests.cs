using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
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
        var parked = await _world.Bus.DrainAsync(BrokerNames.ParkingQueue);
        Assert.Equal(
            garbage.Select(message => (Queue: $"{message.Exchange}.0", message.Body)).Order(),
            parked.Select(message => (Queue: message.Header(BrokerNames.ParkedQueueHeader)!, Body: message.Text())).Order());
        Assert.All(parked, message =>
        {
            Assert.Equal(("m-1", "header", "not_json"), (message.BasicProperties.MessageId, message.Header("own"), message.Header(BrokerNames.ParkedReasonHeader)));
            Assert.Contains("not a delivery message", message.Header(BrokerNames.ParkedDetailHeader), StringComparison.Ordinal);
        });
        Assert.Equal((garbage.Length, 0), (await CountedAsync(""), await CountedAsync(World.Tenant)));
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
        Assert.Equal(isParked ? ["poison"] : [], (await _world.Bus.DrainAsync(BrokerNames.ParkingQueue)).Select(parked => parked.Header(BrokerNames.ParkedReasonHeader)));
        Assert.Equal((isParked ? 1 : 0, 0), (await CountedAsync(World.Tenant), await CountedAsync("")));
    }

    [Fact]
    public async Task A_message_is_held_while_it_cannot_be_counted()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();

        relay.Cut();
        await _world.Bus.PublishAsync(BrokerNames.DeliveriesExchange, "0", "garbage");
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        Assert.Equal(0, await _world.Bus.CountAsync(BrokerNames.ParkingQueue));
        relay.Restore();

        await _world.Bus.WaitForCountAsync(BrokerNames.ParkingQueue, 1);
        await _world.SettledAsync();
        Assert.Equal(1, await CountedAsync(""));
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<long> CountedAsync(string tenantId) => _world.Database.ScalarAsync<long>(
        "SELECT coalesce(sum(parked), 0)::bigint FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted WHERE tenant_id = $1", tenantId);
}
