using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Dispatcher.Tests.Parking;

/// <summary>What comes into the parking queue is kept in the table: once, whole, and before it leaves the queue.</summary>
public sealed class DrainingTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_message_that_is_handed_over_again_is_one_row_and_another_one_another()
    {
        var id = Guid.CreateVersion7();
        await _world.StartDispatcherAsync();

        await ParkAsync(Parked(id), "the same");
        await ParkAsync(Parked(id), "the same");
        await ParkAsync(Parked(Guid.CreateVersion7()), "the same");

        await _world.HaveParkedAsync(2);
        var parked = await _world.ParkedAsync();
        Assert.Equal(2, parked.Count);
        Assert.Contains(parked, message => message.Id == id);
    }

    [Fact]
    public async Task What_somebody_laid_into_the_queue_by_hand_is_kept_whole()
    {
        byte[] body = [0, 0xff, .. "binary"u8];
        await _world.Bus.PublishAsync("", BrokerNames.ParkingQueue, body, new BasicProperties
        {
            MessageId = "m\0-1",
            Headers = new Dictionary<string, object?>
            {
                [BrokerNames.ParkedReasonHeader] = "odd\0",
                [BrokerNames.ParkedQueueHeader] = 17,
                ["list"] = new List<object> { 1, true, new Dictionary<string, object?> { ["inner"] = 1.5 } },
                ["time"] = new AmqpTimestamp(1_705_746_600),
            },
        });
        await _world.Bus.PublishAsync("", BrokerNames.ParkingQueue, "", new BasicProperties());

        await _world.StartDispatcherAsync();

        await _world.HaveParkedAsync(2);
        var parked = await _world.ParkedAsync();
        var odd = Assert.Single(parked, message => message.Body.Length > 0);
        Assert.Equal(body, odd.Body);
        Assert.Equal(("unknown", null, "", null), (odd.Reason, odd.Queue, odd.Detail, odd.TenantId));
        Assert.Equal(("m\0-1", "odd\0"), (odd.Properties.MessageId, odd.Header(BrokerNames.ParkedReasonHeader)));
        Assert.Equal(17, odd.Properties.Headers![BrokerNames.ParkedQueueHeader]);
        Assert.Equal(new AmqpTimestamp(1_705_746_600), odd.Properties.Headers["time"]);
        var list = Assert.IsType<List<object?>>(odd.Properties.Headers["list"], exactMatch: false);
        Assert.Equal((1, true, 1.5), ((int)list[0]!, (bool)list[1]!, (double)((Dictionary<string, object?>)list[2]!)["inner"]!));
        Assert.Equal("unknown", Assert.Single(parked, message => message.Body.Length == 0).Reason);
    }

    // Our client reads the id as 300 bytes, and AMQP has room for 255.
    [Fact]
    public async Task What_somebody_laid_into_the_queue_and_nobody_can_write_again_is_kept_without_that()
    {
        await _world.Bus.PublishAsync("", BrokerNames.ParkingQueue, "body"u8.ToArray(), RawProperties.OfMessageId([.. Enumerable.Repeat((byte)0xff, 100)]));

        await _world.StartDispatcherAsync();

        await _world.HaveParkedAsync(1);
        var parked = Assert.Single(await _world.ParkedAsync());
        Assert.Equal(("body", "unknown", false), (parked.Text, parked.Reason, parked.Properties.IsMessageIdPresent()));
        Assert.Contains("left out", parked.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_stays_in_the_queue_while_the_database_is_away()
    {
        await using var relay = new TcpRelay("127.0.0.1", _world.Postgres.Port);
        var dispatcher = await _world.StartDispatcherAsync(_world.PostgresAt(relay.Port));
        var gate = dispatcher.Services.GetRequiredService<DatabaseGate>();

        relay.Cut();
        await ParkAsync(Parked(Guid.CreateVersion7()), "held");
        await Eventually.TrueAsync(() => !gate.IsOpen, World.Limit, "the outage to be seen");
        Assert.False(await _world.IsEmptyAsync(BrokerNames.ParkingQueue));
        relay.Restore();

        await _world.HaveParkedAsync(1);
        Assert.Single(await _world.ParkedAsync());
    }

    [Fact]
    public async Task A_message_that_the_table_refuses_holds_up_no_other_and_is_kept_when_that_is_mended()
    {
        await _world.Database.ExecuteAsync("ALTER TABLE parked ADD CONSTRAINT no_seven CHECK (message_id <> '7')");
        foreach (var number in Enumerable.Range(0, 10))
        {
            await ParkAsync(Parked(Guid.CreateVersion7(), $"{number}"), "body");
        }

        await _world.StartDispatcherAsync();

        await _world.HaveParkedAsync(9);
        Assert.False(await _world.IsEmptyAsync(BrokerNames.ParkingQueue));
        await _world.Database.ExecuteAsync("ALTER TABLE parked DROP CONSTRAINT no_seven");
        await _world.HaveParkedAsync(10);
        Assert.Equal(10, (await _world.ParkedAsync()).Count);
    }

    // As PostgreSQL does of more than a gigabyte at once, or of what takes it longer than a command may: it would be tried again for ever,
    // with everybody waiting.
    [Fact]
    public async Task Large_messages_are_kept_by_a_database_that_takes_only_a_few_of_them_at_once()
    {
        await _world.Database.ExecuteAsync(
            """
            CREATE FUNCTION refuse_much() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT sum(length(body)) FROM added) > 8 * 1024 * 1024 THEN RAISE EXCEPTION 'too much at once' USING ERRCODE = '53200'; END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER refuse_much AFTER INSERT ON parked REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_much();
            """);
        // The first is held for as long as a busy machine takes to hand over the others.
        var patient = new NpgsqlConnectionStringBuilder(_world.Postgres.ConnectionString) { CommandTimeout = 300 };
        await _world.StartDispatcherAsync(("ConnectionStrings:Postgres", patient.ConnectionString));
        await using (await _world.Database.HoldAsync("LOCK TABLE parked IN SHARE MODE"))
        {
            // The others come together, while the first is held.
            await ParkAsync(Parked(Guid.CreateVersion7()), "first");
            await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(BrokerNames.ParkingQueue) == 1, World.Limit, "the first to be in hand");
            foreach (var _ in Enumerable.Range(0, 3))
            {
                await ParkAsync(Parked(Guid.CreateVersion7()), new string('x', 5 * 1024 * 1024));
            }

            await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(BrokerNames.ParkingQueue) == 4, World.Limit, "the others to be in hand");
        }

        await _world.HaveParkedAsync(4);
    }

    [Fact]
    public async Task A_dispatcher_that_is_killed_over_its_insert_leaves_the_message_to_the_next()
    {
        await using var killed = await _world.StartChildAsync();
        await using (await _world.Database.HoldAsync("LOCK TABLE parked IN SHARE MODE"))
        {
            await ParkAsync(Parked(Guid.CreateVersion7()), "body");
            await Eventually.TrueAsync(async () => await _world.UnacknowledgedAsync(BrokerNames.ParkingQueue) == 1, World.Limit, "the message to be in hand");
            await killed.KillAsync();
        }

        await _world.StartDispatcherAsync();

        await _world.HaveParkedAsync(1);
        Assert.Equal("body", Assert.Single(await _world.ParkedAsync()).Text);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task ParkAsync(BasicProperties properties, string body) => _world.Bus.PublishAsync("", BrokerNames.ParkingQueue, body, properties);

    private static BasicProperties Parked(Guid id, string messageId = "m-1") => new()
    {
        MessageId = messageId,
        Headers = new Dictionary<string, object?>
        {
            [BrokerNames.ParkedReasonHeader] = "not_json",
            [BrokerNames.ParkedDetailHeader] = "It is not JSON.",
            [BrokerNames.ParkedQueueHeader] = BrokerNames.PublisherQueue,
            [BrokerNames.ParkedIdHeader] = id.ToString(),
        },
    };
}
