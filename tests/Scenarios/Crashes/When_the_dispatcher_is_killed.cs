using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_the_dispatcher_is_killed(CrashingSystem system)
{
    private const string Recorded = """
        SELECT count(*) FROM deliveries AS delivery JOIN attempts AS attempt
          ON attempt.created_at = delivery.created_at AND attempt.delivery_id = delivery.id
        WHERE delivery.tenant_id = $1
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_send_again_what_was_on_the_wire()
    {
        // Those after the first are answered when the dispatchers are gone, however late that is seen to.
        const int First = 99;
        var sent = 0;
        var areGone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var load = await Load.StartAsync(
            system.Running, subscriptions: 1, answer: _ => Interlocked.Increment(ref sent) <= First ? Answer.Ok : Answer.Ok with { After = areGone.Task });
        await load.PublishAsync(events: 500);
        await Eventually.TrueAsync(() => load.Arrived > First, Patience, "A hundred sends have reached the receiver.");

        var killed = system.Running.Kill("dispatcher");

        areGone.SetResult();
        var (arrived, recorded) = (load.Arrived, await system.Running.Database.CountAsync(Recorded, load.TenantId));
        Assert.True(recorded < arrived, $"No send was in flight: {arrived} had arrived, {recorded} were recorded.");
        await system.Running.WaitForRestartAsync("dispatcher", killed);
        await load.AssertNothingIsLostAsync();
        // Only those that were in flight may have come twice.
        Assert.InRange(load.Repeated, 1, 500);
    }

    [Fact]
    public async Task Should_keep_the_retries_that_were_waiting()
    {
        await using var load = await Load.StartAsync(
            system.Running,
            subscriptions: 2,
            answer: copy => copy <= 2 ? new Answer(503) : Answer.Ok,
            retry: new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 0.5, BackoffMultiplier = 1 });

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(300);
            await system.Running.KillAsync("dispatcher");
            await load.WaitForMoreAsync(300);
        });

        await load.AssertNothingIsLostAsync();
    }

    [Fact]
    public async Task Should_leave_its_work_to_the_other_one()
    {
        await using var load = await Load.StartAsync(
            system.Running, subscriptions: 2, answer: _ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(200) });

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(200);
            var killed = system.Running.Kill("dispatcher", which: 0);
            await load.WaitForMoreAsync(200);
            await system.Running.WaitForRestartAsync("dispatcher", killed);
        });

        await load.AssertNothingIsLostAsync();
    }
}
