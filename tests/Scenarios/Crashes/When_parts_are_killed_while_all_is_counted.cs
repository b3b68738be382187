using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Crashes;

[Collection(CrashCollection.Name)]
public sealed class When_parts_are_killed_while_all_is_counted(CrashingSystem system)
{
    private const string EventType = "accounts.counted";
    private const int Groups = 24;
    private const int Group = 20;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // Every way a delivery can end, and retries that succeed.
    [Fact]
    public async Task Should_account_for_every_delivery_as_the_rows_and_the_receiver_do()
    {
        var tenantId = Tenant.New();
        var copies = new System.Collections.Concurrent.ConcurrentDictionary<(string, string), int>();
        await using var receiver = await TestReceiver.StartAsync();
        receiver.AnswerWith = request => (request.Path, copies.AddOrUpdate((request.Path, TestEvent.IdOf(request)), 1, (_, before) => before + 1)) switch
        {
            ("/refuses", _) => new Answer(404),
            ("/fails", _) or ("/recovers", 1) => new Answer(503),
            ("/waits", _) => new Answer(500),
            _ => Answer.Ok,
        };
        var delivers = await SubscribeAsync("/delivers");
        await SubscribeAsync("/refuses");
        await SubscribeAsync("/recovers", new RetryRequest { MaxAttempts = 20, InitialDelaySeconds = 0.5, BackoffMultiplier = 1 });
        await SubscribeAsync("/fails", new RetryRequest { MaxAttempts = 2, InitialDelaySeconds = 0.5 });
        var waits = await SubscribeAsync("/waits", new RetryRequest { MaxAttempts = 5, InitialDelaySeconds = 3600 });

        for (var group = 0; group < Groups; group++)
        {
            await system.Running.Events.PublishAsync([.. Enumerable.Range(0, Group).Select(_ => TestEvent.Create(tenantId, EventType))]);
            switch (group)
            {
                case 6:
                    await system.Running.KillAsync("dispatcher");
                    break;
                case 12:
                    await system.Running.KillAsync("publisher");
                    break;
                case 18:
                    await system.Running.KillAsync("postgres");
                    break;
            }
        }

        const int Events = Groups * Group;
        // The receiver is asked before the database, which is perhaps still starting.
        await Eventually.TrueAsync(() => copies.Count == 5 * Events, Limit, () => $"{5 * Events} deliveries to have reached the receiver; {copies.Count} had");
        await EventuallyAsync(counts => counts.GetValueOrDefault("pending") == Events && counts.Values.Sum() == 5 * Events, "all but those that wait to have ended");
        Assert.Equal(new Accounts(Events, 5 * Events, 2 * Events, Events, Events, Canceled: 0, Pending: Events, Parked: 0), await AccountsAsync());

        await system.Running.Management.DeleteSubscriptionAsync(waits.Id);

        await EventuallyAsync(counts => counts.GetValueOrDefault("canceled") == Events, "those that wait to be canceled");
        Assert.Equal(new Accounts(Events, 5 * Events, 2 * Events, Events, Events, Canceled: Events, Pending: 0, Parked: 0), await AccountsAsync());
        Assert.Equal(4 * Events, copies.Keys.Count(copy => copy.Item1 != "/waits"));

        var stats = await GetAsync($"v1/stats?tenant_id={tenantId}");
        var deliveries = stats.GetProperty("deliveries");
        Assert.Equal((2 * Events, Events, Events), (Number(deliveries, "delivered"), Number(deliveries, "failed"), Number(deliveries, "exhausted")));
        Assert.Equal(
            await system.Running.Database.CountAsync("SELECT count(*) FROM attempts JOIN deliveries USING (created_at) WHERE delivery_id = deliveries.id AND tenant_id = $1", tenantId),
            Number(stats, "attempts"));
        Assert.Equal(Events, Number((await GetAsync($"v1/stats?subscription_id={delivers.Id}")).GetProperty("outcomes"), "succeeded"));

        Task<SubscriptionResponse> SubscribeAsync(string path, RetryRequest? retry = null) => system.Running.Management.SubscribeAsync(
            new SubscriptionRequest { TenantId = tenantId, Url = receiver.Url + path, EventTypes = [EventType], Retry = retry });

        async Task EventuallyAsync(Func<IReadOnlyDictionary<string, long>, bool> condition, string what)
        {
            IReadOnlyDictionary<string, long> counts = new Dictionary<string, long>();
            await Eventually.TrueAsync(
                async () => condition(counts = await system.Running.Database.StatusesAsync(tenantId)), Limit, () => $"{what}; there were {string.Join(", ", counts)}");
        }

        async Task<Accounts> AccountsAsync()
        {
            var accounts = await GetAsync($"v1/accounting?tenant_id={tenantId}");
            return new Accounts(
                Number(accounts, "accepted"), Number(accounts, "matched"), Number(accounts, "delivered"), Number(accounts, "failed"),
                Number(accounts, "exhausted"), Number(accounts, "canceled"), Number(accounts, "pending"), Number(accounts, "parked"));
        }
    }

    private sealed record Accounts(long Accepted, long Matched, long Delivered, long Failed, long Exhausted, long Canceled, long Pending, long Parked);

    private Task<JsonElement> GetAsync(string path) => system.Running.Management.GetJsonAsync(path);

    private static long Number(JsonElement figures, string member) => figures.GetProperty(member).GetInt64();
}
