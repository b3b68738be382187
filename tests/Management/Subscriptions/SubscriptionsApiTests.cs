using System.Net;
using System.Text.Json;

namespace Webhooks.Management.Tests.Subscriptions;

public sealed class SubscriptionsApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly string[] Documented =
    [
        "id", "tenant_id", "url", "event_types", "profile", "description", "secret", "state", "channel", "retry", "retry_on",
        "timeout_seconds", "rate_limit", "max_in_flight", "ordering", "ordering_key", "filter", "transform", "headers",
        "signature", "send_traceparent", "revision", "health", "created_at", "updated_at",
    ];

    [Fact]
    public async Task A_new_subscription_has_every_documented_member_and_its_full_secret()
    {
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "new", url = "https://receiver.example/a", event_types = new[] { "exception.*" } });

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal($"/v1/subscriptions/{made.Id}", made.Headers.Location!.ToString());
        Assert.Matches("^sub_[0-9a-f]{32}$", made.Id);
        Assert.Equal(Documented, made.Json.EnumerateObject().Select(member => member.Name));
        Assert.StartsWith("whsec_", made.Member("secret"), StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(made.Member("secret")!["whsec_".Length..]).Length);
        Assert.Equal(("matcher", "active", 1), (made.Member("profile"), made.Member("state"), made.Json.GetProperty("revision").GetInt32()));
        Assert.Equal("""{"state":"healthy","reason":null}""", made.Json.GetProperty("health").GetRawText());
        Assert.All(new[] { "description", "retry", "retry_on", "timeout_seconds", "rate_limit", "headers" }, name => Assert.Equal(JsonValueKind.Null, made.Json.GetProperty(name).ValueKind));
        Assert.EndsWith("Z", made.Member("created_at"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Afterwards_the_secret_is_shown_as_28_asterisks_and_its_last_four()
    {
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "mask", url = "https://receiver.example/", event_types = new[] { "*" }, secret = "a secret that somebody chose" });

        Assert.Equal("a secret that somebody chose", made.Member("secret"));
        const string Masked = "****************************hose";
        Assert.Equal(Masked, (await api.GetAsync($"/v1/subscriptions/{made.Id}")).Member("secret"));
        Assert.Equal(Masked, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { description = "x" })).Member("secret"));
        Assert.Equal(Masked, (await api.GetAsync("/v1/subscriptions?tenant_id=mask")).Json.GetProperty("items")[0].GetProperty("secret").GetString());
    }

    [Fact]
    public async Task What_is_sent_comes_back()
    {
        var made = await api.PostAsync("/v1/subscriptions", """
            {"tenant_id":"all","url":"https://receiver.example/p?q=1","event_types":["a.b","c.*","*","webhook.test"],"profile":"kyc","description":"Größe 😀",
             "retry":{"max_attempts":3,"initial_delay_seconds":0.5},"retry_on":"server_errors","timeout_seconds":2.5,"state":"disabled",
             "channel":null,"rate_limit":null,"headers":null}
            """);

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal("https://receiver.example/p?q=1", made.Member("url"));
        Assert.Equal("""["a.b","c.*","*","webhook.test"]""", made.Json.GetProperty("event_types").GetRawText());
        Assert.Equal(("kyc", "Größe 😀", "server_errors", "disabled"), (made.Member("profile"), made.Member("description"), made.Member("retry_on"), made.Member("state")));
        Assert.Equal(2.5, made.Json.GetProperty("timeout_seconds").GetDouble());
        Assert.Equal(
            """{"max_attempts":3,"initial_delay_seconds":0.5,"max_delay_seconds":3600,"backoff_multiplier":2,"jitter":0}""",
            made.Json.GetProperty("retry").GetRawText());
    }

    [Fact]
    public async Task A_filter_and_a_transform_come_back_as_they_were_spelled_and_go_with_null()
    {
        const string Filter = """{"/data/amount":{"gte":1000.00},"any":[{"/data/severity":{"in":["HIGH","Größe"]}},{"not":{"/data/x":{"exists":true}}}]}""";
        const string Transform = """{"template":{"text":"{/data/severity}: {/data/reason}","n":1.0}}""";

        var made = await api.PostAsync("/v1/subscriptions", $$"""
            {"tenant_id":"shape","url":"https://receiver.example/","event_types":["exception.created"],"filter":{{Filter}},"transform":{{Transform}} }
            """);

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal((Filter, Transform), (made.Json.GetProperty("filter").GetRawText(), made.Json.GetProperty("transform").GetRawText()));
        Assert.Equal(made.Json.GetProperty("filter").GetRawText(), (await api.GetAsync($"/v1/subscriptions/{made.Id}")).Json.GetProperty("filter").GetRawText());

        var same = await api.PatchAsync($"/v1/subscriptions/{made.Id}", $$"""{"filter": {{Filter}} }""");
        Assert.Equal(1, same.Json.GetProperty("revision").GetInt32());
        var without = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"filter":null,"transform":{"exclude":["/data/transaction"]}}""");
        Assert.Equal((JsonValueKind.Null, 2), (without.Json.GetProperty("filter").ValueKind, without.Json.GetProperty("revision").GetInt32()));

        // The transform fits what is named, until something is named that it does not fit.
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", $$"""{"transform":{{Transform}} }""")).Status);
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"event_types":["match.confirmed"]}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/event_types invalid_value");
    }

    [Fact]
    public async Task A_filter_and_a_transform_are_merged_too()
    {
        var made = await api.PostAsync("/v1/subscriptions", """
            {"tenant_id":"shape","url":"https://receiver.example/","event_types":["a"],
             "filter":{"/data/a":{"gte":1.00},"/data/b":{"eq":2}},"transform":{"template":{"x":1,"y":{"z":2}}}}
            """);
        async Task<(string Filter, string Transform)> PatchedAsync(string body)
        {
            var changed = await api.PatchAsync($"/v1/subscriptions/{made.Id}", body);
            Assert.Equal(HttpStatusCode.OK, changed.Status);
            return (changed.Json.GetProperty("filter").GetRawText(), changed.Json.GetProperty("transform").GetRawText());
        }

        var changed = await PatchedAsync("""{"filter":{"/data/b":{"eq":3},"/data/c":{"exists":false}},"transform":{"template":{"y":{"z":null,"w":3}}}}""");
        Assert.Equal(("""{"/data/a":{"gte":1.00},"/data/b":{"eq":3},"/data/c":{"exists":false}}""", """{"template":{"x":1,"y":{"w":3}}}"""), changed);

        // Another kind of transform replaces the one before, with a null for it or without.
        Assert.Equal("""{"/data/b":{"eq":3},"/data/c":{"exists":false}}""", (await PatchedAsync("""{"filter":{"/data/a":null}}""")).Filter);
        Assert.Equal("""{"include":["/data/x"]}""", (await PatchedAsync("""{"transform":{"template":null,"include":["/data/x"]}}""")).Transform);
        Assert.Equal("""{"exclude":["/data/x"]}""", (await PatchedAsync("""{"transform":{"exclude":["/data/x"]}}""")).Transform);
    }

    [Fact]
    public async Task A_template_must_fit_the_examples_that_the_filter_lets_through()
    {
        const string Settings = """
            "tenant_id":"shape","url":"https://receiver.example/","event_types":["exception.*"],"transform":{"template":{"s":"{/data/severity}"}}
            """;

        (await api.PostAsync("/v1/subscriptions", $"{{{Settings}}}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/transform invalid_value");
        Assert.Equal(HttpStatusCode.Created, (await api.PostAsync("/v1/subscriptions", $$$"""{{{{Settings}}},"filter":{"/data/severity":{"exists":true}} }""")).Status);
    }

    [Fact]
    public async Task A_change_is_a_merge_patch_and_a_new_revision()
    {
        var made = await api.PostAsync("/v1/subscriptions", """
            {"tenant_id":"patch","url":"https://receiver.example/","event_types":["a"],"description":"old","timeout_seconds":3,"retry":{"max_attempts":3,"jitter":0.5}}
            """);

        var changed = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"url":"https://other.example/","timeout_seconds":null,"retry":{"max_attempts":7,"jitter":null}}""");

        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal(("https://other.example/", "old", 2), (changed.Member("url"), changed.Member("description"), changed.Json.GetProperty("revision").GetInt32()));
        Assert.Equal(JsonValueKind.Null, changed.Json.GetProperty("timeout_seconds").ValueKind);
        Assert.Equal((7, 0.0), (changed.Json.GetProperty("retry").GetProperty("max_attempts").GetInt32(), changed.Json.GetProperty("retry").GetProperty("jitter").GetDouble()));

        var reset = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"retry":null,"description":null,"profile":null}""");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (reset.Json.GetProperty("retry").ValueKind, reset.Json.GetProperty("description").ValueKind));
        Assert.Equal(reset.Text, (await api.GetAsync($"/v1/subscriptions/{made.Id}")).Text);
    }

    [Fact]
    public async Task Null_takes_the_default_and_what_has_none_is_required()
    {
        var made = await api.PostAsync("/v1/subscriptions", """
            {"tenant_id":"null","url":"https://receiver.example/","event_types":["a"],"state":"disabled","profile":"kyc","retry_on":"any_failure"}
            """);

        var reset = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"profile":null,"retry_on":null}""");

        Assert.Equal(("disabled", "matcher", null), (reset.Member("state"), reset.Member("profile"), reset.Member("retry_on")));
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"url":null,"event_types":null}""")).IsProblem(
            HttpStatusCode.BadRequest, "validation_failed", "/url required", "/event_types required");
    }

    // Whoever pauses a subscription must not find it sending because a client wrote null for what it did not mean to set.
    [Theory]
    [InlineData("paused")]
    [InlineData("disabled")]
    public async Task Null_changes_no_state(string state)
    {
        var made = await api.PostAsync("/v1/subscriptions", $$"""{"tenant_id":"null","url":"https://receiver.example/","event_types":["a"],"state":"{{state}}"}""");

        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"state":null,"description":"changed"}""")).IsProblem(
            HttpStatusCode.BadRequest, "validation_failed", "/state invalid_type");

        var kept = await api.GetAsync($"/v1/subscriptions/{made.Id}");
        Assert.Equal((state, null), (kept.Member("state"), kept.Member("description")));
    }

    [Fact]
    public async Task A_change_of_nothing_changes_nothing()
    {
        var made = await api.SubscribeAsync("same");

        var same = await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { url = made.Member("url"), state = "active" });

        Assert.Equal((made.ETag, made.Member("updated_at")), (same.ETag, same.Member("updated_at")));
    }

    [Fact]
    public async Task A_secret_set_to_null_is_generated_and_shown_this_once()
    {
        var made = await api.SubscribeAsync("regenerate");

        var changed = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"secret":null}""");

        Assert.Matches("^whsec_.{44}$", changed.Member("secret"));
        Assert.NotEqual(made.Member("secret"), changed.Member("secret"));
        Assert.EndsWith(changed.Member("secret")![^4..], (await api.GetAsync($"/v1/subscriptions/{made.Id}")).Member("secret"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_subscription_is_gone()
    {
        var made = await api.SubscribeAsync("delete");

        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/subscriptions/{made.Id}")).Status);

        (await api.GetAsync($"/v1/subscriptions/{made.Id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PatchAsync($"/v1/subscriptions/{made.Id}", "{}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.DeleteAsync($"/v1/subscriptions/{made.Id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Empty((await api.GetAsync("/v1/subscriptions?tenant_id=delete")).Ids);
    }

    [Fact]
    public async Task Pages_lead_from_the_newest_to_the_oldest_and_miss_none()
    {
        var made = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            made.Insert(0, (await api.SubscribeAsync("pages", $"https://receiver.example/{number}")).Id);
        }

        var found = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"/v1/subscriptions?tenant_id=pages&limit=2&cursor={cursor}");
            Assert.InRange(page.Ids.Count, 1, 2);
            found.AddRange(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(made, found);
    }

    [Fact]
    public async Task Several_subscriptions_may_share_a_url()
    {
        await api.SubscribeAsync("shared", "https://receiver.example/same");
        await api.SubscribeAsync("shared", "https://receiver.example/same");

        Assert.Equal(2, (await api.GetAsync("/v1/subscriptions?tenant_id=shared")).Ids.Count);
    }

    [Fact]
    public async Task If_Match_allows_only_a_change_of_what_was_read()
    {
        var made = await api.SubscribeAsync("etag");
        var path = $"/v1/subscriptions/{made.Id}";
        Assert.Equal(made.ETag, (await api.GetAsync(path)).ETag);

        var first = await api.PatchAsync(path, new { description = "first" }, ifMatch: made.ETag);

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.NotEqual(made.ETag, first.ETag);
        (await api.PatchAsync(path, new { description = "second" }, ifMatch: made.ETag)).IsProblem(HttpStatusCode.PreconditionFailed, "precondition_failed");
        (await api.PatchAsync(path, new { description = "second" }, ifMatch: "W/" + first.ETag)).IsProblem(HttpStatusCode.PreconditionFailed, "precondition_failed");
        (await api.PatchAsync(path, new { description = "second" }, ifMatch: "no tag")).IsProblem(HttpStatusCode.PreconditionFailed, "precondition_failed");
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync(path, new { description = "second" }, ifMatch: $"\"other\", {first.ETag}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.PatchAsync(path, new { state = "disabled" }, ifMatch: "*")).Status);
        (await api.SendAsync(HttpMethod.Delete, path, null, ManagementApi.AdminToken, first.ETag)).IsProblem(HttpStatusCode.PreconditionFailed, "precondition_failed");
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, path, null, ManagementApi.AdminToken, (await api.GetAsync(path)).ETag)).Status);
    }

    [Fact]
    public async Task Of_changes_at_once_with_the_same_ETag_one_wins()
    {
        var made = await api.SubscribeAsync("race");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            api.PatchAsync($"/v1/subscriptions/{made.Id}", new { description = $"{number}" }, ifMatch: made.ETag)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Changes_at_once_of_different_members_all_hold()
    {
        var made = await api.SubscribeAsync("merge");

        await Task.WhenAll(
            api.PatchAsync($"/v1/subscriptions/{made.Id}", new { description = "kept" }),
            api.PatchAsync($"/v1/subscriptions/{made.Id}", new { url = "https://kept.example/" }),
            api.PatchAsync($"/v1/subscriptions/{made.Id}", new { timeout_seconds = 7 }),
            api.PatchAsync($"/v1/subscriptions/{made.Id}", new { retry_on = "any_failure" }));

        var now = await api.GetAsync($"/v1/subscriptions/{made.Id}");
        Assert.Equal(("kept", "https://kept.example/", "any_failure", 5), (now.Member("description"), now.Member("url"), now.Member("retry_on"), now.Json.GetProperty("revision").GetInt32()));
        Assert.Equal(7, now.Json.GetProperty("timeout_seconds").GetDouble());
    }
}
