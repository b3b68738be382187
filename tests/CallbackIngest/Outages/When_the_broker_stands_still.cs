using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Outages;

/// <summary>A frozen broker keeps its connections. Whoever asks for readiness is told of it, and not of the database.</summary>
public sealed class When_the_broker_stands_still
{
    [Fact]
    public async Task Should_say_that_the_broker_does_not_answer()
    {
        await using var broker = await OwnBroker.StartAsync();
        await using var world = await World.EmptyAsync();
        var ingest = await world.StartIngestAsync(("ConnectionStrings:RabbitMq", await broker.CreateVhostAsync()));
        await ingest.ReadinessIsAsync(200);

        using (FrozenProcesses.Of(broker.Server.ProcessId))
        {
            // The first one that really asks the broker waits for it as long as it may; those before are answered by what was seen last.
            Answer refused;
            do
            {
                refused = await ingest.ReadinessAsync();
            }
            while (refused.Status == 200);

            Assert.Equal("healthy", refused.Json.GetProperty("checks").GetProperty("postgres").GetString());
            Assert.NotEqual("healthy", refused.Json.GetProperty("checks").GetProperty("rabbitmq").GetString());
        }

        await ingest.ReadinessIsAsync(200);
    }
}
