using System.Net;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Retention;

/// <summary>As a dispatcher leaves it when a day is older than the retention.</summary>
public sealed class When_a_day_was_dropped(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string TenantId = "aged";

    private static readonly string[] Tables = ["events", "deliveries", "attempts"];

    [Fact]
    public async Task Should_answer_that_it_is_gone_and_go_on_from_cursors_that_lead_into_it()
    {
        var subscription = (await api.SubscribeAsync(TenantId)).Id;
        var day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-40);
        foreach (var table in Tables)
        {
            await api.Database.ExecuteAsync("SELECT ensure_day_partition($1, $2)", table, day);
        }

        var old = await Accepted.EventAsync(api, TenantId, "exception.created", [subscription, subscription], day.ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc));
        var young = await Accepted.EventAsync(api, TenantId, "exception.created", [subscription]);
        var now = TimeProvider.System.GetUtcNow();
        await api.Database.ExecuteAsync(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status, replay_of, event_created_at)
            SELECT $3, $2, tenant_id, event_id, event_type, subscription_id, revision, 'delivered', id, created_at FROM deliveries WHERE event_id = $1 LIMIT 1
            """,
            old.EventId, Guid.CreateVersion7(now), now.UtcDateTime);
        var deliveries = await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&limit=3");
        var events = await api.GetAsync($"/v1/events?tenant_id={TenantId}&limit=1");
        Assert.Equal((3, 1), (deliveries.Ids.Count, events.Ids.Count));
        Assert.Single((await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&limit=3&cursor={deliveries.NextCursor}")).Ids);
        var within = await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&until={day:yyyy-MM-dd}T23:00:00Z&limit=1");
        Assert.NotNull(within.NextCursor);

        await api.Database.ExecuteAsync("DELETE FROM event_keys WHERE event_id = $1", old.EventId);
        foreach (var table in Tables)
        {
            await api.Database.ExecuteAsync($"ALTER TABLE {table} DETACH PARTITION {table}_{day:yyyyMMdd}; DROP TABLE {table}_{day:yyyyMMdd}");
        }

        (await api.GetAsync($"/v1/deliveries/{old.Deliveries[0]}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync($"/v1/deliveries/{old.Deliveries[0]}/replay", "")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync($"/v1/events/{old.EventId}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Empty((await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&event_id={old.EventId}")).Ids);
        Assert.Empty((await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&limit=3&cursor={deliveries.NextCursor}")).Ids);
        Assert.Empty((await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}&limit=1&cursor={within.NextCursor}")).Ids);
        Assert.Empty((await api.GetAsync($"/v1/events?tenant_id={TenantId}&limit=1&cursor={events.NextCursor}")).Ids);
        Assert.Equal([young.EventId], (await api.GetAsync($"/v1/events?tenant_id={TenantId}")).Ids);

        // The replay is younger than its event.
        var left = (await api.GetAsync($"/v1/deliveries?tenant_id={TenantId}")).Ids;
        Assert.Equal(2, left.Count);
        foreach (var id in left)
        {
            Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/v1/deliveries/{id}")).Status);
        }

        var replay = left.Single(id => id != young.Deliveries[0]);
        (await api.PostAsync($"/v1/deliveries/{replay}/replay", "")).IsProblem(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(HttpStatusCode.OK, (await api.PostAsync("/v1/replays", new { filter = new { tenant_id = TenantId, type = "exception.created" }, dry_run = true })).Status);

        // Accepted, matched and so on are of all time.
        var accounts = (await api.GetAsync($"/v1/accounting?tenant_id={TenantId}")).Json;
        Assert.Equal((2, 4, 1), (accounts.GetProperty("accepted").GetInt32(), accounts.GetProperty("matched").GetInt32(), accounts.GetProperty("delivered").GetInt32()));
    }
}
