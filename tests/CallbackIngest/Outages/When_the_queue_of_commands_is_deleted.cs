using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Outages;

public sealed class When_the_queue_of_commands_is_deleted
{
    [Fact]
    public async Task Should_declare_it_again_also_while_a_queue_of_somebody_else_takes_the_commands()
    {
        await using var world = await World.EmptyAsync();
        var ingest = await world.StartIngestAsync(("Webhooks:CommandRepeatAfter", "00:00:05"));
        await world.Bus.Channel.QueueDeclareAsync("audit-tap", durable: true, exclusive: false, autoDelete: false);
        await world.Bus.Channel.QueueBindAsync("audit-tap", BrokerNames.CommandsExchange, "#");

        await world.Bus.Channel.QueueDeleteAsync(BrokerNames.ExceptionCommandsQueue, ifUnused: false, ifEmpty: false);
        await ingest.AcceptAsync(IngestClient.Body(), "tapped");

        // What only the tap had is published again, as every command that nobody answers.
        BasicGetResult? command = null;
        await Eventually.TrueAsync(async () => (command = await CommandAsync(world)) is not null, World.Limit, "the command in a queue that is there again");
        Assert.Equal(await world.Database.ScalarAsync<Guid>("SELECT command_id FROM callbacks WHERE idempotency_key = 'tapped'"), Guid.Parse(command!.BasicProperties.MessageId!));
    }

    private static async Task<BasicGetResult?> CommandAsync(World world)
    {
        try
        {
            return await world.Bus.Channel.BasicGetAsync(BrokerNames.ExceptionCommandsQueue, autoAck: true);
        }
        catch (OperationInterruptedException)
        {
            // Not declared yet, or declared and without a leader.
            await world.Bus.ReopenAsync();
            return null;
        }
    }
}
