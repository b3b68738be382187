using Webhooks.Scenarios.Tests.Crashes;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Lanes;

/// <summary>
/// The moments in which a subscription changes from messages to rows and back, with two publishers and two dispatchers at
/// work on it. What is lost is seen by what arrives and by what the database says; what is sent twice, by the copies.
/// </summary>
[Collection(CrashCollection.Name)]
public sealed class When_a_lane_opens_and_closes_under_load(CrashingSystem system)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_lose_nothing_and_double_nothing()
    {
        await using var load = await Load.StartAsync(system.Running, subscriptions: 3);

        await load.PublishWhileAsync(async () =>
        {
            for (var round = 0; round < 4; round++)
            {
                await load.WaitForMoreAsync(150);
                await ChangeAllAsync(load, new { max_in_flight = 50 });
                await LanesAsync(load, open: true);
                await load.WaitForMoreAsync(150);
                await ChangeAllAsync(load, new { max_in_flight = (int?)null });
                await LanesAsync(load, open: false);
            }
        });

        await load.AssertNothingIsLostAsync();
        Assert.Equal(0, load.Repeated);
        Assert.Equal(0, await system.Running.Database.CountAsync("SELECT count(*) FROM deliveries WHERE tenant_id = $1 AND (lane_due_at IS NOT NULL OR due_at IS NOT NULL)", load.TenantId));
    }

    [Fact]
    public async Task Should_lose_nothing_when_parts_are_killed_meanwhile()
    {
        // Each fails once, so that retries wait in delay queues, in lanes and in rows when the end comes.
        await using var load = await Load.StartAsync(
            system.Running,
            subscriptions: 3,
            answer: copy => copy == 1 ? new Answer(503) : Answer.Ok,
            retry: new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 0.5, BackoffMultiplier = 1 });

        await load.PublishWhileAsync(async () =>
        {
            for (var round = 0; round < 2; round++)
            {
                await load.WaitForMoreAsync(150);
                await ChangeAllAsync(load, new { max_in_flight = 50 });
                var dispatcher = system.Running.Kill("dispatcher", which: 0);
                await load.WaitForMoreAsync(150);
                var publisher = system.Running.Kill("publisher", which: 0);
                await system.Running.WaitForRestartAsync("dispatcher", dispatcher);
                await system.Running.WaitForRestartAsync("publisher", publisher);
                await load.WaitForMoreAsync(150);
                await ChangeAllAsync(load, new { max_in_flight = (int?)null });
                dispatcher = system.Running.Kill("dispatcher", which: 1);
                await load.WaitForMoreAsync(150);
                await system.Running.WaitForRestartAsync("dispatcher", dispatcher);
            }
        });

        await load.AssertNothingIsLostAsync();
    }

    [Fact]
    public async Task Should_send_nothing_while_it_is_paused_and_then_all_that_waited()
    {
        await using var load = await Load.StartAsync(system.Running, subscriptions: 1);

        await load.PublishWhileAsync(async () =>
        {
            await load.WaitForMoreAsync(150);
            await ChangeAllAsync(load, new { state = "paused" });
            var pausedAt = TimeProvider.System.GetUtcNow();
            // Some thirty seconds' worth of others' patience: events go on to be accepted.
            await Eventually.TrueAsync(
                async () => await system.Running.Database.CountAsync("SELECT count(*) FROM deliveries WHERE tenant_id = $1 AND lane_due_at IS NOT NULL", load.TenantId) > 1_000,
                Patience, "A thousand deliveries wait.");

            // By the attempts' own records: what arrives late on a busy machine was sent in time.
            Assert.Equal(0, await system.Running.Database.CountAsync(
                "SELECT count(*) FROM attempts JOIN deliveries ON deliveries.created_at = attempts.created_at AND id = delivery_id WHERE tenant_id = $1 AND started_at > $2",
                load.TenantId, pausedAt.AddSeconds(2).UtcDateTime));
            await ChangeAllAsync(load, new { state = "active" });
            await load.WaitForMoreAsync(500);
        });

        await load.AssertNothingIsLostAsync();
        Assert.Equal(0, load.Repeated);
    }

    private async Task ChangeAllAsync(Load load, object change)
    {
        foreach (var subscription in await system.Running.Management.ListSubscriptionsAsync(load.TenantId))
        {
            await system.Running.Management.ChangeAsync(subscription.Id, change);
        }
    }

    private Task LanesAsync(Load load, bool open) => Eventually.TrueAsync(
        async () => await system.Running.Database.CountAsync(
            "SELECT count(*) FROM lanes JOIN subscriptions ON id = subscription_id WHERE tenant_id = $1", load.TenantId) is var lanes && (open ? lanes == 3 : lanes == 0),
        Patience, () => $"The lanes are {(open ? "open" : "closed")}.");
}
