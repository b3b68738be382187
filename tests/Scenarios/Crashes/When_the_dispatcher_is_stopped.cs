using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_the_dispatcher_is_stopped(CrashingSystem system)
{
    [Fact]
    public async Task Should_lose_nothing_and_send_nothing_twice()
    {
        await using var load = await Load.StartAsync(
            system.Running, subscriptions: 2, answer: _ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(200) });

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(300);
            await system.Running.TerminateAsync("dispatcher");
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingIsLostAsync();
        Assert.Equal(0, load.Repeated);
    }
}
