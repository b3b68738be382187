using System.Net.Http.Json;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Health;

/// <summary>With the documented times: seen by a tenant's developer and by a neighbour, from the first failure to the last delivery.</summary>
public sealed class When_an_endpoint_dies(SharedSystem system)
{
    // What was on its way when the breaker opened, beyond the time in which a busy machine brings the neighbour its events.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(3);

    // Ten seconds, less what two clocks may differ by.
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(9.9);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

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

        Assert.True(PrefixedId.TryParse(PrefixedId.Subscription, dying, out var id));
        var before = await system.Database.ScalarAsync<DateTime>("SELECT opened_at FROM subscription_health WHERE subscription_id = $1", id);
        await PublishAsync(tenantId, count: 30);
        await other.WaitForAsync(40, Patience);
        var since = TimeProvider.System.GetUtcNow() + OnTheWay;

        // Whatever comes, it is tried ten seconds after it was found dead, and each time later than that after the last try. By the attempts'
        // own records: when a request arrives is a matter of the machine.
        IReadOnlyList<DateTime> tries = [];
        await Eventually.TrueAsync(
            async () => (tries = await system.Database.ColumnAsync<DateTime>(
                "SELECT started_at FROM attempts WHERE starts_with(request_url, $1) AND started_at > $2 ORDER BY started_at", receiver.Url, since.UtcDateTime)).Count >= 2,
            Patience, "It is tried twice.");
        foreach (var started in tries)
        {
            Assert.True(started - before >= FirstWait, $"An endpoint that is down was tried {(started - before).TotalSeconds} s after it was found to be.");
            before = started;
        }

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
                health = (await system.Management.GetJsonAsync($"v1/subscriptions/{subscriptionId}")).GetProperty("health");
                return health.GetProperty("state").GetString() == state && health.GetProperty("reason").GetString() == reason;
            },
            Patience, () => $"The health of {subscriptionId} is {state}; it was {health}.");
    }
}
