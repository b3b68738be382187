using System.Globalization;
using System.Net;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Replays;

public sealed class ReplaysApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_replay_is_taken_on_counted_and_shown()
    {
        var subscription = await api.SubscribeAsync("taken");
        var since = api.Time.GetUtcNow().AddHours(-1);
        await Ended.DeliveryAsync(api, "taken", subscription, "failed", since.AddMinutes(1));
        await Ended.DeliveryAsync(api, "taken", subscription, "failed");
        await Ended.DeliveryAsync(api, "taken", subscription, "delivered");

        var made = await api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id, status = "failed", since = Iso(since) }, rate_per_second = 2.5 });

        Assert.Equal((HttpStatusCode.Accepted, $"/v1/replays/{made.Id}"), (made.Status, made.Headers.Location!.ToString()));
        Assert.Equal($$"""{"id":"{{made.Id}}","status":"pending","matched":2,"done":0}""", made.Text);
        Assert.StartsWith("rpl_", made.Id, StringComparison.Ordinal);

        var shown = await api.GetAsync($"/v1/replays/{made.Id}");
        Assert.Equal(
            ["id", "tenant_id", "kind", "status", "matched", "done", "filter", "rate_per_second", "error", "created_at", "updated_at", "finished_at"],
            shown.Json.EnumerateObject().Select(member => member.Name));
        // The subscription tells whose it is.
        Assert.Equal(("taken", "replay", "pending", 2), (shown.Member("tenant_id"), shown.Member("kind"), shown.Member("status"), shown.Json.GetProperty("matched").GetInt32()));
        var filter = shown.Json.GetProperty("filter");
        Assert.Equal((subscription.Id, "failed", 2.5), (filter.GetProperty("subscription_id").GetString(), filter.GetProperty("status").GetString(), shown.Json.GetProperty("rate_per_second").GetDouble()));
        // Never what it makes itself.
        Assert.Equal(shown.Json.GetProperty("created_at").GetDateTimeOffset(), filter.GetProperty("until").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_dry_run_counts_by_any_filter_and_makes_nothing()
    {
        var (one, two) = (await api.SubscribeAsync("dry"), await api.SubscribeAsync("dry"));
        var start = api.Time.GetUtcNow().AddHours(-2);
        var first = await Ended.DeliveryAsync(api, "dry", one, "failed", start.AddMinutes(1), "a");
        await Ended.DeliveryAsync(api, "dry", one, "delivered", start.AddMinutes(2), "b");
        await Ended.DeliveryAsync(api, "dry", two, "exhausted", start.AddMinutes(3), "b");
        await Ended.DeliveryAsync(api, "dry", two, "pending", start.AddMinutes(4), "b");
        await Ended.DeliveryAsync(api, "dry_other", await api.SubscribeAsync("dry_other"), "failed", start.AddMinutes(3), "b");

        async Task<int> CountAsync(object filter)
        {
            var dry = await api.PostAsync("/v1/replays", new { tenant_id = "dry", filter, dry_run = true });
            var matched = dry.Json.GetProperty("matched").GetInt32();
            Assert.Equal((HttpStatusCode.OK, $$"""{"id":null,"status":"dry_run","matched":{{matched}},"done":0,"complete":true}"""), (dry.Status, dry.Text));
            return matched;
        }

        Assert.Equal(3, await CountAsync(new { since = Iso(start) }));
        Assert.Equal(2, await CountAsync(new { since = Iso(start.AddMinutes(2)) }));
        Assert.Equal(1, await CountAsync(new { since = Iso(start), until = Iso(start.AddMinutes(2)) }));
        Assert.Equal(2, await CountAsync(new { subscription_id = one.Id }));
        Assert.Equal(1, await CountAsync(new { subscription_id = one.Id, type = "b" }));
        Assert.Equal(1, await CountAsync(new { event_id = first.EventId }));
        Assert.Equal(0, await CountAsync(new { event_id = first.EventId, status = "canceled" }));
        Assert.Equal(1, await CountAsync(new { since = Iso(start), status = "exhausted" }));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE replay_of IS NOT NULL AND tenant_id = 'dry'"));
        Assert.Empty((await api.GetAsync("/v1/replays?tenant_id=dry")).Ids);

        // What would be canceled at once is not replayed.
        await api.PatchAsync($"/v1/subscriptions/{two.Id}", new { state = "disabled" });
        Assert.Equal(2, await CountAsync(new { since = Iso(start) }));
        // Nor what has nothing to send.
        await api.Database.ExecuteAsync("DELETE FROM events WHERE created_at = $1", first.CreatedAt.UtcDateTime);
        Assert.Equal(1, await CountAsync(new { since = Iso(start) }));
    }

    [Fact]
    public async Task Of_several_deliveries_of_an_event_that_match_the_newest_is_replayed()
    {
        var subscription = await api.SubscribeAsync("newest");
        var old = await Ended.DeliveryAsync(api, "newest", subscription, "failed", api.Time.GetUtcNow().AddHours(-20));
        var replay = await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "");

        Task<Answer> CountAsync(string status) =>
            api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id, status }, dry_run = true });

        await Ended.EndAsync(api, replay.Id, "failed");
        Assert.Equal(1, (await CountAsync("failed")).Json.GetProperty("matched").GetInt32());
        await Ended.EndAsync(api, replay.Id, "exhausted");
        Assert.Equal(1, (await CountAsync("failed")).Json.GetProperty("matched").GetInt32());
        Assert.Equal(1, (await CountAsync("exhausted")).Json.GetProperty("matched").GetInt32());
    }

    [Theory]
    [InlineData("""{}""", "/filter required")]
    [InlineData("""{"filter":null}""", "/filter required")]
    [InlineData("""{"filter":[]}""", "/filter invalid_type")]
    [InlineData("""{"filter":{}}""", "/filter required")]
    [InlineData("""{"filter":{"tenant_id":"x"}}""", "/filter required")]
    [InlineData("""{"tenant_id":"one","filter":{"since":"2024-01-20T10:30:00Z","tenant_id":"other"}}""", "/filter/tenant_id invalid_value")]
    [InlineData("""{"filter":{"since":"2024-01-20T10:30:00Z","state":"failed"}}""", "/filter/state unknown_member")]
    [InlineData("""{"filter":{"since":"yesterday","status":"lost","subscription_id":"x","event_id":"e e","type":"A"}}""", "/filter/since invalid_format", "/filter/subscription_id invalid_format", "/filter/event_id invalid_format", "/filter/type invalid_format", "/filter/status invalid_value")]
    [InlineData("""{"filter":{"since":"2024-01-20T10:30:00Z","status":"pending"}}""", "/filter/status invalid_value")]
    [InlineData("""{"filter":{"since":"2024-01-20T10:30:00Z","until":"2024-01-20T10:30:00Z"}}""", "/filter/until out_of_range")]
    [InlineData("""{"filter":{"since":"2024-01-20T10:30:00Z"},"rate_per_second":0}""", "/rate_per_second out_of_range")]
    [InlineData("""{"filter":{"since":"2024-01-20T10:30:00Z"},"rate_per_second":"1","dry_run":1,"x":1}""", "/rate_per_second invalid_type", "/dry_run invalid_type", "/x unknown_member")]
    public async Task A_faulty_request_is_refused_with_every_fault(string body, params string[] errors) =>
        (await api.PostAsync("/v1/replays", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Theory]
    [InlineData("""{}""", "/since required")]
    [InlineData("""{"since":null,"until":"x"}""", "/until invalid_format", "/since required")]
    [InlineData("""{"since":"2024-01-20T10:30:00Z","until":"2024-01-20T10:29:00Z","status":"failed"}""", "/until out_of_range", "/status unknown_member")]
    public async Task A_faulty_recovery_is_refused_with_every_fault(string body, params string[] errors) =>
        (await api.PostAsync($"/v1/subscriptions/{(await api.SubscribeAsync("faulty")).Id}/recover", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task A_subscription_that_takes_nothing_or_an_unknown_one_is_refused()
    {
        var subscription = await api.SubscribeAsync("asleep");
        await api.PatchAsync($"/v1/subscriptions/{subscription.Id}", new { state = "disabled" });
        var byFilter = new { filter = new { subscription_id = subscription.Id } };
        var bySpan = new { since = "2024-01-20T10:30:00Z" };

        (await api.PostAsync("/v1/replays", byFilter)).IsProblem(HttpStatusCode.Conflict, "conflict");
        var refused = await api.PostAsync($"/v1/subscriptions/{subscription.Id}/recover", bySpan);
        refused.IsProblem(HttpStatusCode.Conflict, "conflict");
        Assert.Equal("The subscription is disabled: replays would be canceled at once. Make it active first.", refused.Member("detail"));

        await api.DeleteAsync($"/v1/subscriptions/{subscription.Id}");
        (await api.PostAsync("/v1/replays", byFilter)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync($"/v1/subscriptions/{subscription.Id}/recover", bySpan)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/replays", new { filter = new { event_id = "evt_never" } })).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Nothing_of_another_tenant_is_replayed_shown_or_canceled()
    {
        var subscription = await api.SubscribeAsync("mine");
        var old = await Ended.DeliveryAsync(api, "mine", subscription);
        var mine = await api.TokenAsync("mine");
        var foreign = await api.TokenAsync("stranger");
        var made = await api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id } }, mine);
        var all = await api.PostAsync("/v1/replays", new { filter = new { since = Iso(old.CreatedAt) } });

        Assert.Equal(0, (await api.PostAsync("/v1/replays", new { filter = new { since = Iso(old.CreatedAt) }, dry_run = true }, foreign)).Json.GetProperty("matched").GetInt32());
        (await api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id } }, foreign)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/replays", new { filter = new { event_id = old.EventId } }, foreign)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/replays", new { tenant_id = "mine", filter = new { since = Iso(old.CreatedAt) } }, foreign)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.PostAsync("/v1/replays", new { filter = new { since = Iso(old.CreatedAt), tenant_id = "mine" } }, foreign)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.PostAsync($"/v1/subscriptions/{subscription.Id}/recover", new { since = Iso(old.CreatedAt) }, foreign)).IsProblem(HttpStatusCode.NotFound, "not_found");

        Assert.Equal([made.Id], (await api.GetAsync("/v1/replays", mine)).Ids);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync($"/v1/replays/{made.Id}", mine)).Status);
        foreach (var (id, token) in new[] { (made.Id, foreign), (all.Id, foreign), (all.Id, mine) })
        {
            (await api.GetAsync($"/v1/replays/{id}", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
            (await api.DeleteAsync($"/v1/replays/{id}", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
        }

        Assert.Equal("pending", (await api.GetAsync($"/v1/replays/{all.Id}")).Member("status"));
        await api.DeleteAsync($"/v1/replays/{all.Id}");
    }

    [Fact]
    public async Task A_replay_is_canceled_and_stays_as_it_ended()
    {
        await api.SubscribeAsync("cancel");
        var made = await StartAsync("cancel");

        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/replays/{made.Id}")).Status);
        var canceled = await api.GetAsync($"/v1/replays/{made.Id}");
        Assert.Equal("canceled", canceled.Member("status"));
        Assert.NotNull(canceled.Member("finished_at"));
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/replays/{made.Id}")).Status);
        Assert.Equal(canceled.Text, (await api.GetAsync($"/v1/replays/{made.Id}")).Text);

        var done = await StartAsync("cancel");
        await api.Database.ExecuteAsync("UPDATE replays SET status = 'done', finished_at = now() WHERE tenant_id = 'cancel' AND status = 'pending'");
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/replays/{done.Id}")).Status);
        Assert.Equal("done", (await api.GetAsync($"/v1/replays/{done.Id}")).Member("status"));
    }

    [Fact]
    public async Task Pages_of_replays_miss_none()
    {
        var made = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            made.Insert(0, (await StartAsync("paged")).Id);
        }

        var found = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/replays?tenant_id=paged&limit=2&cursor={cursor}");
            found.AddRange(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(made, found);
        (await api.GetAsync("/v1/replays?status=done")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/status unknown_member");
    }

    [Fact]
    public async Task A_tenant_has_only_so_many_unfinished_replays()
    {
        for (var number = 0; number < 20; number++)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await StartAsync("many")).Status);
        }

        (await StartAsync("many")).IsProblem(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(HttpStatusCode.Accepted, (await StartAsync("few")).Status);
        await api.DeleteAsync($"/v1/replays/{(await api.GetAsync("/v1/replays?tenant_id=many&limit=1")).Ids[0]}");
        Assert.Equal(HttpStatusCode.Accepted, (await StartAsync("many")).Status);
    }

    [Fact]
    public async Task All_of_it_is_audited_with_its_transaction()
    {
        var subscription = await api.SubscribeAsync("audited");
        var old = await Ended.DeliveryAsync(api, "audited", subscription);
        var single = await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "");
        var recovery = await api.PostAsync($"/v1/subscriptions/{subscription.Id}/recover", new { since = Iso(old.CreatedAt) });
        var many = await StartAsync("audited");
        await api.DeleteAsync($"/v1/replays/{many.Id}");
        await api.DeleteAsync($"/v1/replays/{many.Id}");
        await api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id }, dry_run = true });

        Assert.Equal(
            [$"delivery.replayed {old.Id}", $"subscription.recovered {subscription.Id}", $"replay.started {many.Id}", $"replay.canceled {many.Id}"],
            await api.Database.ColumnAsync<string>("SELECT action || ' ' || subject FROM audit WHERE tenant_id = 'audited' AND action <> 'subscription.created' ORDER BY created_at"));
        Assert.Equal(
            [single.Id, recovery.Id, many.Id],
            await api.Database.ColumnAsync<string>("SELECT details::json ->> 'replay' FROM audit WHERE tenant_id = 'audited' AND details::json ->> 'replay' IS NOT NULL ORDER BY created_at"));
    }

    private Task<Answer> StartAsync(string tenantId) => api.PostAsync("/v1/replays", new { tenant_id = tenantId, filter = new { since = "2024-01-20T10:30:00Z" } });

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
