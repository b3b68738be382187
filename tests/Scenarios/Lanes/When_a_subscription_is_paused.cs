using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Lanes;

public sealed class When_a_subscription_is_paused(SharedSystem system)
{
    // After a second, and a machine that has other things to do may be late.
    private static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(3);

    private readonly string _tenantId = Tenant.New();

    [Fact]
    public async Task Should_wait_and_lose_nothing()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var neighbour = await TestReceiver.StartAsync();
        var paused = await SubscribeAsync(receiver);
        await SubscribeAsync(neighbour);
        await PublishAsync(20);
        await receiver.WaitForAsync(20);

        await PauseAsync(paused);

        await PublishAsync(50);
        // The neighbour's came through the same queues after all of those that wait.
        await neighbour.WaitForAsync(70);
        Assert.Equal(20, receiver.Count);
        var waiting = await system.Management.ListDeliveriesAsync(paused.Id);
        Assert.Equal((20, 50), (waiting.Count(delivery => delivery.Status == "delivered"), waiting.Count(delivery => delivery.Status == "pending")));

        await system.Management.ChangeAsync(paused.Id, new { state = "active" });
        await receiver.WaitForAsync(70);

        Assert.Equal(neighbour.Requests.Select(TestEvent.IdOf).Order(), receiver.Requests.Select(TestEvent.IdOf).Order());
        await Eventually.TrueAsync(
            async () => (await system.Management.ListDeliveriesAsync(paused.Id)).All(delivery => delivery.Status == "delivered"),
            TimeSpan.FromMinutes(5), "Everything that waited is delivered.");
        // The pause used up no attempt.
        var last = await system.Management.GetDeliveryAsync((await system.Management.ListDeliveriesAsync(paused.Id))[0].Id);
        Assert.Equal([1], last.Attempts!.Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task Should_cancel_what_waits_when_it_is_disabled_then()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await using var neighbour = await TestReceiver.StartAsync();
        var paused = await SubscribeAsync(receiver);
        await SubscribeAsync(neighbour);
        await PauseAsync(paused);
        await PublishAsync(10);
        await neighbour.WaitForAsync(10);

        await system.Management.ChangeAsync(paused.Id, new { state = "disabled" });

        await Eventually.TrueAsync(
            async () => (await system.Management.ListDeliveriesAsync(paused.Id)).Count(delivery => delivery.Status == "canceled") == 10,
            TimeSpan.FromMinutes(5), "What waited is canceled.");
        Assert.Equal(0, receiver.Count);
    }

    private async Task PauseAsync(SubscriptionResponse subscription)
    {
        await system.Management.ChangeAsync(subscription.Id, new { state = "paused" });
        var answered = TimeProvider.System.GetUtcNow();
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > answered + HoldsWithin, HoldsWithin * 10, "The change to hold.");
    }

    private Task PublishAsync(int count) => system.Events.PublishAsync(Enumerable.Range(0, count).Select(_ => TestEvent.Create(_tenantId, "exception.created")));

    private Task<SubscriptionResponse> SubscribeAsync(TestReceiver receiver) =>
        system.Management.SubscribeAsync(new SubscriptionRequest { TenantId = _tenantId, Url = receiver.Url, EventTypes = ["exception.created"] });
}
