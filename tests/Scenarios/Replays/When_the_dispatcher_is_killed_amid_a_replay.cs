using System.Net.Http.Json;
using Webhooks.Scenarios.Tests.Crashes;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Replays;

[Collection(CrashCollection.Name)]
public sealed class When_the_dispatcher_is_killed_amid_a_replay(CrashingSystem system)
{
    private const int Count = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Should_replay_each_delivery_once()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(400));
        var tenant = Tenant.New();
        var subscription = await system.Running.Management.SubscribeAsync(new SubscriptionRequest { TenantId = tenant, Url = receiver.Url, EventTypes = ["load.missed"] });
        await system.Running.Events.PublishAsync([.. Enumerable.Range(0, Count).Select(_ => TestEvent.Create(tenant, "load.missed"))]);
        await HaveStatusAsync(tenant, "failed", Count);
        receiver.AnswerWith = _ => Answer.Ok;

        using var started = await system.Running.Management.AnsweredAsync(http => http.PostAsJsonAsync(
            "v1/replays", new { filter = new { subscription_id = subscription.Id, status = "failed" }, rate_per_second = 500 }));
        var replay = (await started.Content.ReadFromJsonAsync<ReplayResponse>())!;
        await Eventually.TrueAsync(async () => (await system.Running.Management.GetReplayAsync(replay.Id)).Done > 200, Patience, "the replay to be under way");
        await system.Running.KillAsync("dispatcher");

        replay = await system.Running.Management.WaitForReplayAsync(replay.Id);
        Assert.Equal(("done", Count, Count), (replay.Status, replay.Matched, replay.Done));
        await HaveStatusAsync(tenant, "delivered", Count);
        Assert.Equal(Count, await system.Running.Database.CountAsync("SELECT count(DISTINCT replay_of) FROM deliveries WHERE tenant_id = $1 AND replay_of IS NOT NULL", tenant));
        Assert.Equal(2 * Count, await system.Running.Database.CountAsync("SELECT count(*) FROM deliveries WHERE tenant_id = $1", tenant));
        Assert.Equal(Count, receiver.Requests.Select(TestEvent.IdOf).Distinct().Count());
    }

    private async Task HaveStatusAsync(string tenant, string status, int count)
    {
        IReadOnlyDictionary<string, long> statuses = new Dictionary<string, long>();
        await Eventually.TrueAsync(
            async () => (statuses = await system.Running.Database.StatusesAsync(tenant)).GetValueOrDefault(status) == count,
            Patience, () => $"{count} deliveries to be {status}; there were {string.Join(", ", statuses)}");
    }
}
