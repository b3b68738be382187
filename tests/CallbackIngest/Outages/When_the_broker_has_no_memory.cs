using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Outages;

/// <summary>It is connected, and takes nothing: callers hear so soon, and every key becomes one command.</summary>
public sealed class When_the_broker_has_no_memory
{
    [Fact]
    public async Task Should_refuse_soon_and_make_one_command_of_each_key_when_it_is_over()
    {
        // An alarm is everybody's at a broker.
        await using var broker = await OwnBroker.StartAsync();
        var rabbitMq = await broker.CreateVhostAsync();
        await using var world = await World.EmptyAsync();
        var ingest = await world.StartIngestAsync(("ConnectionStrings:RabbitMq", rabbitMq));
        await using var bus = await AmqpPeer.ConnectAsync(rabbitMq);
        string[] refused = [.. Enumerable.Range(0, 10).Select(number => $"refused-{number}")];

        await broker.Server.RaiseMemoryAlarmAsync();
        var met = await MeetAsync(ingest);
        await Task.WhenAll(refused.Select(async key => (await ingest.SendSoonAsync(key)).IsUnavailable()));
        (await ingest.SendSoonAsync(met)).IsUnavailable();
        await ingest.ReadinessIsAsync(503);
        var readiness = (await ingest.ReadinessAsync()).Json;
        Assert.Equal("unhealthy", readiness.GetProperty("status").GetString());
        Assert.Contains("alarm", readiness.GetProperty("checks").GetProperty("rabbitmq").GetString(), StringComparison.Ordinal);
        // What cannot be published is not written down. The one that met the alarm was on its way before that was known.
        Assert.Equal(0, await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key LIKE 'refused-%'"));
        await bus.DrainAsync(BrokerNames.ExceptionCommandsQueue);

        await broker.Server.ClearMemoryAlarmAsync();
        await ingest.ReadinessIsAsync(200);
        await ingest.AcceptAsync(IngestClient.Body(), "fresh");
        foreach (var key in refused)
        {
            await ingest.AcceptAsync(IngestClient.Body(), key);
        }

        // The broker reads and confirms late what met its alarm.
        await world.StatusIsAsync(met, "accepted");
        (await ingest.SendAsync(IngestClient.Body(), met)).IsAccepted(replayed: true);
        var keys = (await bus.DrainAsync(BrokerNames.ExceptionCommandsQueue)).Select(command => JsonElement.Parse(command.Body.Span).GetProperty("idempotency_key").GetString()!);
        Assert.Equal([.. refused.Append("fresh").Append(met).Order(StringComparer.Ordinal)], keys.Order(StringComparer.Ordinal));
    }

    /// <summary>The first key that was refused: the broker says that it takes nothing only to who publishes, and may take one yet.</summary>
    private static async Task<string> MeetAsync(IngestClient ingest)
    {
        for (var number = 0; ; number++)
        {
            Assert.True(number < 1_000, "No callback met the alarm.");
            var answer = await ingest.SendSoonAsync($"met-{number}");
            if (answer.Status != 200)
            {
                answer.IsUnavailable();
                return $"met-{number}";
            }
        }
    }
}
