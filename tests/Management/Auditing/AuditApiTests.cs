using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Auditing;

public sealed class AuditApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly string[] Documented = ["id", "created_at", "tenant_id", "actor", "action", "subject", "details", "trace_id", "remote_address"];

    [Fact]
    public async Task A_change_is_listed_with_who_made_it_and_what_it_changed()
    {
        var token = (await api.PostAsync("/v1/tokens", new { tenant_id = "who", name = "deploy", scopes = new[] { "subscriptions:write" } }));
        var made = await api.SubscribeAsync("who");
        await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { url = "https://receiver.example/v2", description = "x" }, token.Member("token"));

        var listed = await api.GetAsync($"/v1/audit?subject={made.Id}&action=subscription.updated");

        Assert.Equal(HttpStatusCode.OK, listed.Status);
        var entry = Assert.Single(listed.Json.GetProperty("items").EnumerateArray());
        Assert.Equal(Documented, entry.EnumerateObject().Select(member => member.Name));
        Assert.Matches("^aud_[0-9a-f]{32}$", entry.GetProperty("id").GetString());
        Assert.Equal($$"""{"id":"{{token.Id}}","name":"deploy"}""", entry.GetProperty("actor").GetRawText());
        Assert.Equal(("who", "subscription.updated", made.Id, "127.0.0.1"), (Text("tenant_id"), Text("action"), Text("subject"), Text("remote_address")));
        Assert.Matches("^[0-9a-f]{32}$", Text("trace_id"));
        Assert.EndsWith("Z", Text("created_at"), StringComparison.Ordinal);
        Assert.Equal(
            """{"revision":2,"changes":{"url":{"old":"https://receiver.example/hook","new":"https://receiver.example/v2"},"description":{"old":null,"new":"x"}}}""",
            entry.GetProperty("details").GetRawText());

        string? Text(string name) => entry.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Everything_that_is_done_to_a_subscription_is_there_newest_first()
    {
        var made = await api.SubscribeAsync("all");
        var path = $"/v1/subscriptions/{made.Id}";
        await api.PatchAsync(path, new { description = "x" });
        await api.PostAsync($"{path}/rotate-secret", "{}");
        await api.GetAsync($"{path}/secret");
        await api.PatchAsync(path, new { state = "disabled" });
        await api.PatchAsync(path, new { state = "active" });
        await api.Services.GetRequiredService<SubscriptionStore>().DisableAsync(ManagementApi.IdOf(made), "gone", CancellationToken.None);
        await api.DeleteAsync(path);
        await api.DeleteAsync(path);

        Assert.Equal(
            [
                "admin_token subscription.deleted", "system subscription.disabled", "admin_token subscription.enabled", "admin_token subscription.disabled",
                "admin_token secret.revealed", "admin_token secret.rotated", "admin_token subscription.updated", "admin_token subscription.created",
            ],
            await DeedsAsync($"/v1/audit?subject={made.Id}"));
    }

    [Fact]
    public async Task What_was_refused_or_changed_nothing_is_not_there()
    {
        var made = await api.SubscribeAsync("refused");
        var path = $"/v1/subscriptions/{made.Id}";
        await api.PatchAsync(path, new { url = "nowhere" });
        await api.PatchAsync(path, new { url = made.Member("url") });
        await api.PatchAsync(path, new { description = "x" }, ifMatch: "\"0-0\"");
        await api.GetAsync($"{path}/secret", await api.TokenAsync("other"));
        await api.GetAsync($"{path}/secret", await api.TokenAsync("refused", "subscriptions:read"));

        Assert.Equal(["admin_token subscription.created"], await DeedsAsync($"/v1/audit?subject={made.Id}"));
    }

    [Fact]
    public async Task A_token_is_audited_and_neither_it_nor_its_hash_is_shown()
    {
        var made = await api.PostAsync("/v1/tokens", new { tenant_id = "tokens", name = "ci", scopes = new[] { "events:read" } });
        await api.DeleteAsync($"/v1/tokens/{made.Id}");
        await api.DeleteAsync($"/v1/tokens/{made.Id}");

        var listed = await api.GetAsync($"/v1/audit?subject={made.Id}");

        Assert.Equal(["admin_token token.revoked", "admin_token token.created"], Deeds(listed));
        Assert.Equal("""{"name":"ci","scopes":["events:read"],"expires_at":null}""", listed.Json.GetProperty("items")[1].GetProperty("details").GetRawText());
        Assert.DoesNotContain("whk_", listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_is_never_shown_and_header_values_are_not_either()
    {
        var made = await api.PostAsync("/v1/subscriptions", new { tenant_id = "masked", url = "https://receiver.example/", event_types = new[] { "a" }, secret = "the first secret, abcd" });
        await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { secret = "the second secret, efgh" });
        await api.PostAsync($"/v1/subscriptions/{made.Id}/rotate-secret", """{"secret":"the third secret, ijkl"}""");

        var listed = (await api.GetAsync("/v1/audit?tenant_id=masked")).Text;

        Assert.Contains("****************************abcd", listed, StringComparison.Ordinal);
        Assert.Contains("****************************ijkl", listed, StringComparison.Ordinal);
        Assert.All(["first", "second", "third"], word => Assert.DoesNotContain(word, listed, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_is_not_shown_when_its_row_cannot_be_written()
    {
        var made = await api.SubscribeAsync("unwritten");
        await using var transaction = await api.Database.HoldAsync("LOCK TABLE audit");

        (await api.GetAsync($"/v1/subscriptions/{made.Id}/secret")).IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
    }

    [Fact]
    public async Task A_tenants_administrator_sees_only_its_tenants()
    {
        var (own, foreign) = (await api.SubscribeAsync("own_audit"), await api.SubscribeAsync("foreign_audit"));
        await api.PostAsync("/v1/tokens", """{"tenant_id":null,"scopes":["events:read"]}""");
        var admin = await api.TokenAsync("own_audit", "admin");

        var listed = await api.GetAsync("/v1/audit?limit=200", admin);

        Assert.Contains(own.Id, listed.Text, StringComparison.Ordinal);
        Assert.All(listed.Json.GetProperty("items").EnumerateArray(), entry => Assert.Equal("own_audit", entry.GetProperty("tenant_id").GetString()));
        Assert.Empty((await api.GetAsync($"/v1/audit?subject={foreign.Id}", admin)).Ids);
        (await api.GetAsync("/v1/audit?tenant_id=foreign_audit", admin)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.GetAsync("/v1/audit", await api.TokenAsync("own_audit", "subscriptions:read", "secrets:read"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Filters_go_together_and_pages_miss_none()
    {
        var token = await api.PostAsync("/v1/tokens", new { tenant_id = "pages_audit", scopes = new[] { "subscriptions:write" } });
        var before = api.Time.GetUtcNow();
        for (var number = 0; number < 5; number++)
        {
            await api.PostAsync("/v1/subscriptions", new { url = "https://receiver.example/", event_types = new[] { "a" } }, token.Member("token"));
        }

        var filter = $"/v1/audit?actor={token.Id}&action=subscription.created&tenant_id=pages_audit&since={before.UtcDateTime.AddMinutes(-1):O}";
        var found = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await api.GetAsync($"{filter}&limit=2&cursor={cursor}");
            Assert.InRange(page.Ids.Count, 1, 2);
            found.AddRange(page.Ids);
            cursor = page.NextCursor;
        }

        Assert.Equal(5, found.Distinct().Count());
        Assert.Equal(found, (await api.GetAsync(filter)).Ids);
        Assert.Empty((await api.GetAsync($"/v1/audit?actor={token.Id}&until={before.UtcDateTime.AddMinutes(-1):O}")).Ids);
        Assert.Empty((await api.GetAsync($"/v1/audit?actor={token.Id}&action=subscription.deleted")).Ids);
    }

    [Theory]
    [InlineData("since=yesterday", "/since invalid_format")]
    [InlineData("actor=", "/actor invalid_format")]
    [InlineData("what=x", "/what unknown_member")]
    [InlineData("limit=0", "/limit out_of_range")]
    public async Task A_faulty_filter_is_named(string query, string error) =>
        (await api.GetAsync($"/v1/audit?{query}")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", error);

    [Fact]
    public async Task Another_lists_cursor_is_refused()
    {
        await api.SubscribeAsync("cursors_audit");
        await api.SubscribeAsync("cursors_audit");
        var cursor = (await api.GetAsync("/v1/subscriptions?limit=1")).NextCursor;

        (await api.GetAsync($"/v1/audit?cursor={cursor}")).IsProblem(HttpStatusCode.BadRequest, "invalid_cursor");
    }

    private async Task<IEnumerable<string>> DeedsAsync(string path) => Deeds(await api.GetAsync(path));

    private static IEnumerable<string> Deeds(Answer listed) => listed.Json.GetProperty("items").EnumerateArray()
        .Select(entry => $"{entry.GetProperty("actor").GetProperty("id").GetString()} {entry.GetProperty("action").GetString()}");
}
