using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_everything_is_killed_at_once(CrashingSystem system)
{
    // As when the machine loses power, but for the disk.
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
            await system.Running.KillAsync("rabbitmq", "postgres", "publisher", "dispatcher", "management");
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingIsLostAsync();
    }
}
