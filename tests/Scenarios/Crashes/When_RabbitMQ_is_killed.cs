using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_RabbitMQ_is_killed(CrashingSystem system)
{
    // Every delivery fails once, so that retries are waiting in the broker, too.
    [Fact]
    public async Task Should_deliver_everything_when_it_is_back()
    {
        await using var load = await Load.StartAsync(
            system.Running,
            subscriptions: 2,
            answer: copy => copy == 1 ? new Answer(503) : Answer.Ok,
            retry: new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 1, BackoffMultiplier = 1 });

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(600);
            await system.Running.KillAsync("rabbitmq");
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingIsLostAsync();
    }
}
