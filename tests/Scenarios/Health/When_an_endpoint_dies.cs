using System.Net.Http.Json;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Health;

/// <summary>With the documented times: seen by a tenant's developer and by a neighbour, from the first failure to the last delivery.</summary>
public sealed class When_an_endpoint_dies(SharedSystem system)
{
    // What was on its way when the breaker opened.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_wait_for_it_show_so_and_then_deliver_everything()
    {
        var status = 503;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(status));
        await using var other = await TestReceiver.StartAsync();
        var tenantId = Tenant.New();
        var dying = await SubscribeAsync(tenantId, receiver);
        var neighbour = await SubscribeAsync(tenantId, other);
        await PublishAsync(tenantId, count: 10);
        await HasHealthAsync(dying, "open", "server_error");

        var since = TimeProvider.System.GetUtcNow() + OnTheWay;
        await PublishAsync(tenantId, count: 30);
        await other.WaitForAsync(40, Patience);

        // Whatever comes, it is tried once in ten seconds at the most.
        await receiver.WaitForAsync(receiver.Count + 2, Patience);
        var tries = receiver.Requests.Count(request => request.ReceivedAt > since);
        var most = 1 + (int)((TimeProvider.System.GetUtcNow() - since + OnTheWay).TotalSeconds / 10);
        Assert.True(tries <= most, $"{tries} deliveries were sent to an endpoint that is down, and {most} would have been enough.");
        await HasHealthAsync(neighbour, "healthy", reason: null);

        status = 200;
        await Eventually.TrueAsync(
            async () => (await system.Management.ListDeliveriesAsync(dying)) is { Count: 40 } all && all.All(delivery => delivery.Status == "delivered"),
            Patience, "All that waited is delivered.");
        await HasHealthAsync(dying, "healthy", reason: null);
    }

    private async Task<string> SubscribeAsync(string tenantId, TestReceiver receiver) => (await system.Management.SubscribeAsync(new SubscriptionRequest
    {
        TenantId = tenantId,
        Url = receiver.Url,
        EventTypes = ["exception.created"],
        Retry = new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 2, MaxDelaySeconds = 2 },
    })).Id;

    private Task PublishAsync(string tenantId, int count) =>
        system.Events.PublishAsync(Enumerable.Range(0, count).Select(_ => TestEvent.Create(tenantId, "exception.created")));

    private async Task HasHealthAsync(string subscriptionId, string state, string? reason)
    {
        var health = default(JsonElement);
        await Eventually.TrueAsync(
            async () =>
            {
                health = (await system.Management.Http.GetFromJsonAsync<JsonElement>($"v1/subscriptions/{subscriptionId}")).GetProperty("health");
                return health.GetProperty("state").GetString() == state && health.GetProperty("reason").GetString() == reason;
            },
            Patience, () => $"The health of {subscriptionId} is {state}; it was {health}.");
    }
}
