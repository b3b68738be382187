using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Repeats;

public sealed class RepeatTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task An_unanswered_command_comes_again_with_the_same_id_and_bytes_also_after_the_broker_was_wiped()
    {
        await world.Ingest.AcceptAsync(IngestClient.Body(), "repeat-1");
        var first = await world.CommandAsync();

        // All that the broker has is gone; what declares it again is a new connection.
        await world.Bus.Channel.QueueDeleteAsync(BrokerNames.ExceptionCommandsQueue, ifUnused: false, ifEmpty: false);
        await world.Bus.Channel.ExchangeDeleteAsync(BrokerNames.CommandsExchange);
        await world.CloseConnectionsAsync();
        await world.Database.ExecuteAsync("UPDATE callbacks SET repeat_at = clock_timestamp() WHERE idempotency_key = 'repeat-1'");

        var again = await Again();
        Assert.Equal(first.Body.ToArray(), again.Body.ToArray());
        Assert.Equal(first.BasicProperties.MessageId, again.BasicProperties.MessageId);
        Assert.Equal(first.Header("traceparent"), again.Header("traceparent"));

        // Less often each time: five minutes, ten, …
        Assert.Equal(1, await world.Database.ScalarAsync<int>("SELECT repeats FROM callbacks WHERE idempotency_key = 'repeat-1'"));
        Assert.InRange(await world.Database.ScalarAsync<double>("SELECT extract(epoch FROM repeat_at - clock_timestamp())::float8 FROM callbacks WHERE idempotency_key = 'repeat-1'"), 540, 600);

        await world.SayAsync(Guid.Parse(first.BasicProperties.MessageId!), "applied");
        await world.StatusIsAsync("repeat-1", "applied");
        Assert.True(await world.Database.ScalarAsync<bool>("SELECT repeat_at IS NULL FROM callbacks WHERE idempotency_key = 'repeat-1'"));
    }

    private async Task<RabbitMQ.Client.BasicGetResult> Again()
    {
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await world.Bus.CountAsync(BrokerNames.ExceptionCommandsQueue) > 0;
                }
                catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
                {
                    await world.Bus.ReopenAsync();
                    return false;
                }
            },
            World.Limit,
            "the command again");
        return await world.CommandAsync();
    }
}
