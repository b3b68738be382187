using System.Net;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Replays;

public sealed class SingleReplayTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Theory]
    [InlineData("delivered")]
    [InlineData("failed")]
    [InlineData("exhausted")]
    [InlineData("canceled")]
    public async Task What_has_ended_is_replayed_as_a_new_delivery(string status)
    {
        var subscription = await api.SubscribeAsync("single");
        var old = await Ended.DeliveryAsync(api, "single", subscription, status, api.Time.GetUtcNow().AddHours(-20));
        var before = api.Time.GetUtcNow();

        var made = await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "");

        Assert.Equal(HttpStatusCode.Accepted, made.Status);
        Assert.Equal($"/v1/deliveries/{made.Id}", made.Headers.Location!.ToString());
        Assert.Equal(
            ["id", "tenant_id", "event_id", "event_type", "subscription_id", "status", "replay_of", "created_at", "next_attempt_at", "attempts"],
            made.Json.EnumerateObject().Select(member => member.Name));
        Assert.NotEqual(old.Id, made.Id);
        Assert.Equal(("single", old.EventId, "exception.created", subscription.Id), (made.Member("tenant_id"), made.Member("event_id"), made.Member("event_type"), made.Member("subscription_id")));
        Assert.Equal(("pending", old.Id, 0), (made.Member("status"), made.Member("replay_of"), made.Json.GetProperty("attempts").GetArrayLength()));
        Assert.InRange(made.Json.GetProperty("created_at").GetDateTimeOffset(), before.AddSeconds(-1), api.Time.GetUtcNow().AddSeconds(1));
        Assert.Equal(made.Json.GetProperty("created_at").GetDateTimeOffset(), made.Json.GetProperty("next_attempt_at").GetDateTimeOffset());
        // It is found by its id, and is what the answer said.
        Assert.Equal(made.Text, (await api.GetAsync($"/v1/deliveries/{made.Id}")).Text);
        // The row alone announces it.
        Assert.Equal(1, await api.Database.ScalarAsync<long>(
            "SELECT count(*) FROM deliveries WHERE id = $1 AND due_at <= now() AND last_attempt = 0 AND event_created_at = $2", Ended.Parse(made.Id), old.CreatedAt));
    }

    [Fact]
    public async Task It_stands_on_top_of_the_lists_and_in_its_event()
    {
        var (one, two) = (await api.SubscribeAsync("shown"), await api.SubscribeAsync("shown"));
        var accepted = await Accepted.EventAsync(api, "shown", "a", [one.Id, two.Id], api.Time.GetUtcNow().AddHours(-20));
        await Ended.EndAsync(api, accepted.Deliveries[0], "failed");
        var first = await api.PostAsync($"/v1/deliveries/{accepted.Deliveries[0]}/replay", "");
        await Ended.EndAsync(api, first.Id, "failed");
        // A replay can be replayed, and is about the same event.
        var second = await api.PostAsync($"/v1/deliveries/{first.Id}/replay", "");

        Assert.Equal(first.Id, second.Member("replay_of"));
        string[] newestFirst = [second.Id, first.Id, .. accepted.Deliveries.OrderDescending(StringComparer.Ordinal)];
        Assert.Equal(newestFirst, (await api.GetAsync("/v1/deliveries?tenant_id=shown")).Ids);
        Assert.Equal(newestFirst, (await api.GetAsync($"/v1/deliveries?event_id={accepted.EventId}")).Ids);
        Assert.Equal([second.Id, first.Id, accepted.Deliveries[0]], (await api.GetAsync($"/v1/deliveries?event_id={accepted.EventId}&subscription_id={one.Id}")).Ids);
        Assert.Equal([first.Id, accepted.Deliveries[0]], (await api.GetAsync($"/v1/deliveries?event_id={accepted.EventId}&status=failed")).Ids);
        Assert.Equal(
            [.. accepted.Deliveries, first.Id, second.Id],
            (await api.GetAsync($"/v1/events/{accepted.EventId}")).Json.GetProperty("deliveries").EnumerateArray().Select(delivery => delivery.GetProperty("id").GetString()!));

        var paged = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/deliveries?event_id={accepted.EventId}&limit=1&cursor={cursor}");
            paged.AddRange(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(newestFirst, paged);
    }

    [Fact]
    public async Task It_is_pinned_to_the_current_revision_and_shows_that_body()
    {
        var subscription = await api.SubscribeAsync("mended");
        var old = await Ended.DeliveryAsync(api, "mended", subscription, "failed", api.Time.GetUtcNow().AddHours(-20));
        await api.PatchAsync($"/v1/subscriptions/{subscription.Id}", new { transform = new { template = new { sum = "{/data/amount}" } } });

        var made = await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "");

        await api.Database.ExecuteAsync(
            """
            INSERT INTO attempts (created_at, delivery_id, number, started_at, duration_ms, outcome, request_url, request_headers)
            VALUES ($1, $2, 1, $1, 12, 'timed_out', 'https://receiver.example/hook', '')
            """,
            made.Json.GetProperty("created_at").GetDateTimeOffset().UtcDateTime, Ended.Parse(made.Id));
        var shown = (await api.GetAsync($"/v1/deliveries/{made.Id}")).Json.GetProperty("attempts")[0];
        Assert.Equal("""{"sum":1000.0}""", shown.GetProperty("request").GetProperty("body").GetString());
    }

    [Fact]
    public async Task What_is_pending_is_on_its_way_already()
    {
        var pending = await Ended.DeliveryAsync(api, "onway", await api.SubscribeAsync("onway"), "pending");

        await RefusedAsync(pending.Id, "The delivery is pending: it is on its way, and can be replayed when it has ended.");
    }

    [Fact]
    public async Task What_would_be_canceled_at_once_is_refused()
    {
        var (disabled, deleted) = (await api.SubscribeAsync("refused"), await api.SubscribeAsync("refused"));
        var (one, two) = (await Ended.DeliveryAsync(api, "refused", disabled), await Ended.DeliveryAsync(api, "refused", deleted));
        await api.PatchAsync($"/v1/subscriptions/{disabled.Id}", new { state = "disabled" });
        await api.DeleteAsync($"/v1/subscriptions/{deleted.Id}");

        await RefusedAsync(one.Id, "The subscription is disabled: a replay would be canceled at once. Make it active first.");
        await RefusedAsync(two.Id, "The subscription is deleted: a replay would be canceled at once.");
    }

    [Fact]
    public async Task Without_its_event_there_is_nothing_to_send()
    {
        var old = await Ended.DeliveryAsync(api, "dropped", await api.SubscribeAsync("dropped"));
        await api.Database.ExecuteAsync("DELETE FROM events WHERE created_at = $1", old.CreatedAt.UtcDateTime);

        await RefusedAsync(old.Id, "The event is not kept any more: there is nothing to send.");
    }

    [Fact]
    public async Task Another_tenants_or_no_delivery_is_not_found()
    {
        var old = await Ended.DeliveryAsync(api, "victim", await api.SubscribeAsync("victim"));

        (await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "", await api.TokenAsync("thief"))).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/deliveries/dlv_01a1fc6f7f6f74728db2061d67cc7ccc/replay", "")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/deliveries/x/replay", "")).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(1, await api.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE tenant_id = 'victim'"));
    }

    private async Task RefusedAsync(string id, string sentence)
    {
        var refused = await api.PostAsync($"/v1/deliveries/{id}/replay", "");

        refused.IsProblem(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(sentence, refused.Member("detail"));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of = $1", Ended.Parse(id)));
    }
}
