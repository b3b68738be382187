using System.Net;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Tenants;

public sealed class When_two_tenants_want_the_same_events(SharedSystem system)
{
    private readonly string _ours = Tenant.New();
    private readonly string _theirs = Tenant.New();

    [Fact]
    public async Task Should_bring_each_its_own_only()
    {
        await using var ourReceiver = await TestReceiver.StartAsync();
        await using var theirReceiver = await TestReceiver.StartAsync();
        await SubscribeAsync(_ours, ourReceiver);
        await SubscribeAsync(_theirs, theirReceiver);

        await system.Events.PublishAsync(Enumerable.Range(0, 50).Select(number =>
            TestEvent.Create(number % 2 == 0 ? _ours : _theirs, "exception.created", $"evt_{number}")));

        await ourReceiver.WaitForAsync(25);
        await theirReceiver.WaitForAsync(25);
        Assert.All(ourReceiver.Requests, request => Assert.Contains(_ours, request.Text, StringComparison.Ordinal));
        Assert.All(theirReceiver.Requests, request => Assert.Contains(_theirs, request.Text, StringComparison.Ordinal));
        await AssertDeliveredAsync(_ours);
        await AssertDeliveredAsync(_theirs);
    }

    [Fact]
    public async Task Should_hide_from_each_what_is_the_others()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var theirs = await SubscribeAsync(_theirs, receiver);
        var published = TestEvent.Create(_theirs, "exception.created");
        await system.Events.PublishAsync(published);
        var delivery = await system.Management.WaitForEndAsync(theirs.Id, published.Id);
        using var us = system.Management.WithToken(await system.Management.CreateTokenAsync(
            _ours, "subscriptions:read", "subscriptions:write", "deliveries:read", "events:read", "events:publish"));

        foreach (var path in new[] { $"v1/subscriptions/{theirs.Id}", $"v1/deliveries/{delivery.Id}", $"v1/events/{published.Id}" })
        {
            using var answer = await us.AnsweredAsync(http => http.GetAsync(path));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Empty(await us.ListDeliveriesAsync(theirs.Id));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => us.PublishAsync(TestEvent.Create(_theirs, "exception.created").Body));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private Task<SubscriptionResponse> SubscribeAsync(string tenantId, TestReceiver receiver) => system.Management.SubscribeAsync(
        new SubscriptionRequest { TenantId = tenantId, Url = receiver.Url, EventTypes = ["*"] });

    // The receiver has it before the attempt is recorded.
    private Task AssertDeliveredAsync(string tenantId) => Eventually.TrueAsync(
        async () => await system.Running.Database.StatusesAsync(tenantId) is { Count: 1 } statuses && statuses.GetValueOrDefault("delivered") == 25,
        TimeSpan.FromMinutes(5),
        "25 deliveries are recorded as delivered, and no others.");
}
