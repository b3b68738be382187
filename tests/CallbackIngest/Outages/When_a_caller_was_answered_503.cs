using System.Text;
using Npgsql;
using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Outages;

/// <summary>The next try does not have to wait for the lease of the one before.</summary>
public sealed class When_a_caller_was_answered_503(World world) : IClassFixture<World>
{
    [Fact]
    public async Task Should_have_the_key_at_once_when_the_broker_did_not_confirm()
    {
        await using var relay = new TcpRelay(new Uri(world.RabbitMq).Host, new Uri(world.RabbitMq).Port);
        var ingest = await world.StartIngestAsync(world.RabbitMqAt(relay.Port));
        for (var round = 0; ; round++)
        {
            await Eventually.TrueAsync(async () => (await ingest.SendAsync(IngestClient.Body(), $"heard-{round}")).Status == 200, World.Limit, "the broker to be there");
            relay.FallSilent();

            (await ingest.SendAsync(IngestClient.Body(), $"silent-{round}")).IsProblem(503, "unavailable");

            var next = await world.Ingest.SendAsync(IngestClient.Body(), $"silent-{round}");
            if (next.Status == 200 || round == 9)
            {
                next.IsAccepted();
                break;
            }

            // A machine without time for seconds held the first up at its end, or the second.
            relay.Restore();
        }

        await world.CommandsAsync();
    }

    [Fact]
    public async Task Should_find_it_done_when_only_its_completion_could_not_be_written()
    {
        await world.CommandsAsync();
        await using var blocker = await world.Database.OpenConnectionAsync();
        await using (var transaction = await blocker.BeginTransactionAsync())
        {
            // Where the completion writes last: the command is published by then.
            await using var hold = new NpgsqlCommand("LOCK TABLE audit IN EXCLUSIVE MODE", blocker);
            await hold.ExecuteNonQueryAsync();
            var answer = world.Ingest.SendAsync(IngestClient.Body(), "unwritten");
            await world.Bus.WaitForCountAsync(BrokerNames.ExceptionCommandsQueue, 1);
            await Eventually.TrueAsync(
                async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit'::regclass") > 0, World.Limit, "the completion to wait");
            await world.Database.EndSessionsAsync("wait_event_type = 'Lock'");
            (await answer).IsProblem(503, "unavailable");
        }

        // A lease that ran out would make it failed.
        await world.StatusIsAsync("unwritten", "accepted");
        (await world.Ingest.SendAsync(IngestClient.Body(), "unwritten")).IsAccepted(replayed: true);
        Assert.Single(await world.CommandsAsync());
        Assert.Equal(1, await world.Database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE action = 'callback.accepted' AND details LIKE '%unwritten%'"));
    }

    [Fact]
    public async Task Should_have_the_key_soon_when_nobody_heard_whether_it_was_reserved()
    {
        await using var cutter = AnswerCutter.Before(world.Postgres.Port);
        var ingest = await world.StartIngestAsync(world.PostgresAt(cutter.Port));
        var key = "";
        // Others commit, too: until it is the reservation's.
        for (var number = 0; key.Length == 0; number++)
        {
            Assert.True(number < 50, "No reservation was cut off.");
            cutter.CutAt(Encoding.ASCII.GetBytes("COMMIT\0"));
            var answer = await ingest.SendAsync(IngestClient.Body(), $"unheard-{number}");
            Assert.True(answer.Status is 200 or 503, answer.Text);
            var command = await world.CommandsAsync();
            key = answer.Status == 503 && command.Count == 0 && await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key = $1", $"unheard-{number}") == 1 ? $"unheard-{number}" : "";
        }

        await world.StatusIsAsync(key, "failed");
        Assert.StartsWith("The database did not say", await world.Database.ScalarAsync<string>("SELECT reason FROM callbacks WHERE idempotency_key = $1", key), StringComparison.Ordinal);
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
        Assert.Single(await world.CommandsAsync());
    }
}
