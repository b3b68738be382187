using Npgsql;
using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Outages;

public sealed class When_the_service_is_killed(World world) : IClassFixture<World>
{
    // A busy machine may take longer for all of it than a lease usually lasts.
    private static readonly (string Key, string Value) LongLease = ("Webhooks:CallbackLease", "00:10:00");

    [Fact]
    public async Task Should_free_the_key_after_the_lease_when_nothing_was_published()
    {
        await using var relay = new TcpRelay(new Uri(world.RabbitMq).Host, new Uri(world.RabbitMq).Port);
        var (child, ingest) = await world.StartChildAsync(world.RabbitMqAt(relay.Port), LongLease);
        await using var blocker = await world.Database.OpenConnectionAsync();
        await using (child)
        {
            await ingest.AcceptAsync(IngestClient.Body(), "killed-0");
            await world.CommandsAsync();
            relay.FallSilent();
            // It is to stay reserved, however late it is looked at: what would say that it failed hangs.
            await using var transaction = await blocker.BeginTransactionAsync();
            await HoldCompletionsAsync(blocker);
            var lost = ingest.SendAsync(IngestClient.Body(), "killed-1");
            await Eventually.TrueAsync(async () => await CountAsync("killed-1", "reserved") == 1, World.Limit, "the key to be reserved");
            await child.KillAsync();
            await IsLostAsync(lost);
            await EndWaitingAsync();
        }

        Assert.Equal(0, await world.Bus.CountAsync(BrokerNames.ExceptionCommandsQueue));
        (await world.Ingest.SendAsync(IngestClient.Body(), "killed-1")).IsProblem(409, "callback_in_progress");
        await world.EndLeaseAsync("killed-1");
        await world.Ingest.AcceptAsync(IngestClient.Body(), "killed-1");
        Assert.Single(await world.CommandsAsync());
    }

    [Fact]
    public async Task Should_publish_the_same_command_again_when_it_was_not_written_down_that_it_was_published()
    {
        var (child, ingest) = await world.StartChildAsync(LongLease);
        await using var blocker = await world.Database.OpenConnectionAsync();
        await using (child)
        {
            await using var transaction = await blocker.BeginTransactionAsync();
            await HoldCompletionsAsync(blocker);
            var lost = ingest.SendAsync(IngestClient.Body(), "killed-2");
            await world.Bus.WaitForCountAsync(BrokerNames.ExceptionCommandsQueue, 1);
            await Eventually.TrueAsync(
                async () => await world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit'::regclass") > 0, World.Limit, "the completion to wait");
            await child.KillAsync();
            await IsLostAsync(lost);
            await EndWaitingAsync();
        }

        Assert.Equal(1, await CountAsync("killed-2", "reserved"));
        var first = await world.CommandAsync();
        await world.EndLeaseAsync("killed-2");
        await world.Ingest.AcceptAsync(IngestClient.Body(), "killed-2");
        var second = await world.CommandAsync();
        Assert.Equal(first.BasicProperties.MessageId, second.BasicProperties.MessageId);
        (await world.Ingest.SendAsync(IngestClient.Body(), "killed-2")).IsAccepted(replayed: true);
        Assert.Empty(await world.CommandsAsync());
    }

    // Where the completion writes last, so that it hangs with everything else done.
    private static async Task HoldCompletionsAsync(NpgsqlConnection blocker)
    {
        await using var hold = new NpgsqlCommand("LOCK TABLE audit IN EXCLUSIVE MODE", blocker);
        await hold.ExecuteNonQueryAsync();
    }

    /// <summary>What the server was sent is not carried out after its client is gone.</summary>
    private Task EndWaitingAsync() => world.Database.ExecuteAsync(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'");

    /// <summary>The caller hears nothing; or, on a machine that was slow to kill, that the time was up.</summary>
    private static async Task IsLostAsync(Task<Answer> call)
    {
        try
        {
            (await call).IsUnavailable();
        }
        catch (HttpRequestException)
        {
        }
    }

    private Task<long> CountAsync(string key, string status) =>
        world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key = $1 AND status = $2", key, status);
}
