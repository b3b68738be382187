using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Intake;

public sealed class When_an_event_is_repeated(SharedSystem system)
{
    [Fact]
    public async Task Should_fan_out_once_however_it_comes()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var tenantId = Tenant.New();
        var published = TestEvent.Create(tenantId, "exception.created", "evt_again");
        var last = TestEvent.Create(tenantId, "exception.created", "evt_last");
        var subscription = await SubscribeAsync(tenantId, receiver);

        await system.Events.PublishAsync(published);
        await system.Events.PublishAsync(published);
        await system.Management.PublishAsync(published.Body);
        await system.Management.PublishAsync(published.Body);
        await system.Events.PublishAsync(TestEvent.Create(tenantId, "exception.created", "evt_again", """{"other":"content"}"""));
        // Events are taken in order: what the repeats lead to would have come before this one.
        await system.Events.PublishAsync(last);

        await system.Management.WaitForEndAsync(subscription.Id, last.Id);
        await system.Management.WaitForEndAsync(subscription.Id, published.Id);
        Assert.Equal(["evt_again", "evt_last"], receiver.Requests.Select(TestEvent.IdOf).Order(StringComparer.Ordinal));
        Assert.Equal("delivered", Assert.Single((await system.Management.GetEventAsync("evt_again", tenantId)).Deliveries).Status);
    }

    [Fact]
    public async Task Should_fan_out_once_when_it_comes_many_times_at_once()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var tenantId = Tenant.New();
        var subscription = await SubscribeAsync(tenantId, receiver);
        var last = TestEvent.Create(tenantId, "exception.created", "evt_last");

        await system.Events.PublishAsync(
            Enumerable.Range(0, 200).Select(number => TestEvent.Create(tenantId, "exception.created", $"evt_{number % 10}")));
        await system.Events.PublishAsync(last);

        await system.Management.WaitForEndAsync(subscription.Id, last.Id);
        await receiver.WaitForAsync(11);
        Assert.Equal(11, receiver.Requests.Select(TestEvent.IdOf).Distinct().Count());
        Assert.Equal(11, receiver.Count);
    }

    [Fact]
    public async Task Should_take_the_same_id_of_another_tenant_for_another_event()
    {
        await using var receiver = await TestReceiver.StartAsync();
        string[] tenants = [Tenant.New(), Tenant.New()];
        foreach (var tenantId in tenants)
        {
            await SubscribeAsync(tenantId, receiver);
            await system.Events.PublishAsync(TestEvent.Create(tenantId, "exception.created", "evt_same"));
        }

        await receiver.WaitForAsync(2);
        Assert.All(tenants, tenantId => Assert.Single(receiver.Requests, request => request.Text.Contains(tenantId, StringComparison.Ordinal)));
    }

    private Task<SubscriptionResponse> SubscribeAsync(string tenantId, TestReceiver receiver) => system.Management.SubscribeAsync(
        new SubscriptionRequest { TenantId = tenantId, Url = receiver.Url, EventTypes = ["exception.*"] });
}
