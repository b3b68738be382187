using System.Net;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Sources.Storage;
using Webhooks.Subscriptions.Secrets;
using Webhooks.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Webhooks.Management.Tests.Sources;

public sealed class SourcesApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const string Mask = "****************************";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jira", "X-Hub-Signature", 0)]
    [InlineData("servicenow", "X-Hmac-Signature", 0)]
    [InlineData("standard_webhooks", "webhook-signature", 300)]
    [InlineData("github", "X-Hub-Signature-256", 0)]
    [InlineData("stripe", "Stripe-Signature", 300)]
    [InlineData("slack", "X-Slack-Signature", 300)]
    public async Task A_source_begins_with_what_is_known_of_its_kind(string kind, string header, int tolerance)
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "kinds", kind });

        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal($"/v1/sources/{made.Id}", made.Headers.Location!.ToString());
        Assert.Matches("^src_[0-9a-f]{32}$", made.Id);
        Assert.Equal(($"/v1/sources/{made.Id}", kind.ToUpperInvariant(), header, tolerance), (
            made.Member("path"), made.Member("external_system"), made.Json.GetProperty("authentication").GetProperty("header").GetString(), made.Json.GetProperty("tolerance_seconds").GetInt32()));
        Assert.StartsWith("whsec_", made.Member("secret"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_secret_is_shown_once_and_stored_encrypted()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "once", kind = "jira", name = "Our Jira", secret = "It's a Secret to Everybody" });
        Assert.Equal("It's a Secret to Everybody", made.Member("secret"));

        Assert.Equal(Mask + "body", (await api.GetAsync($"/v1/sources/{made.Id}")).Member("secret"));
        var listed = await api.GetAsync("/v1/sources?tenant_id=once");
        Assert.Equal([made.Id], listed.Ids);
        Assert.DoesNotContain("Secret to", listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret to", (await api.PatchAsync($"/v1/sources/{made.Id}", new { name = "Jira" })).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(api.Log.Lines, line => line.Contains("It's a Secret", StringComparison.Ordinal));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("SELECT count(*) FROM source_secrets WHERE position(convert_to('Secret', 'UTF8') IN ciphertext) > 0"));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE details LIKE '%Secret to%'"));
    }

    [Fact]
    public async Task A_rotation_keeps_the_old_secret_for_its_grace_period_and_is_audited()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "rotate", kind = "jira", secret = "the first of two secrets" });

        var rotated = await api.PatchAsync($"/v1/sources/{made.Id}", new { secret = "the second of two secrets", grace_period_seconds = 3600 });
        Assert.Equal("the second of two secrets", rotated.Member("secret"));
        Assert.InRange(rotated.Json.GetProperty("previous_secrets_until").GetDateTimeOffset(), api.Time.GetUtcNow().AddMinutes(50), api.Time.GetUtcNow().AddMinutes(61));
        Assert.Equal(["the second of two secrets", "the first of two secrets"], (await StoredAsync(made.Id)).Secrets.Select(secret => secret.Text));

        var generated = await api.PatchAsync($"/v1/sources/{made.Id}", """{"secret":null,"grace_period_seconds":0}""");
        Assert.StartsWith("whsec_", generated.Member("secret"), StringComparison.Ordinal);
        Assert.Equal([generated.Member("secret")!], (await StoredAsync(made.Id)).Secrets.Select(secret => secret.Text));

        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/sources/{made.Id}")).Status);
        Assert.Equal(
            ["source.created", "secret.rotated", "secret.rotated", "source.deleted"],
            await api.Database.ColumnAsync<string>("SELECT action FROM audit WHERE subject = $1 ORDER BY id", made.Id));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("SELECT count(*) FROM source_secrets WHERE source_id = $1", IdOf(made.Id)));
        (await api.GetAsync($"/v1/sources/{made.Id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_change_keeps_what_it_does_not_name_and_null_takes_what_the_kind_has()
    {
        var made = await api.PostAsync("/v1/sources", new
        {
            tenant_id = "change",
            kind = "jira",
            external_system = " my jira ",
            exception_id = new { from = "pointer", name = "/issue/fields/customfield_10050" },
            fields = new { status = new { pointers = new[] { "/issue/fields/status/name" }, values = new { Done = "RESOLVED" }, otherwise = "OPEN" } },
        });
        Assert.Equal("MY JIRA", made.Member("external_system"));

        var changed = await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":{"method":"basic","username":"jira"},"fields":{"assignee":null},"idempotency_key":{"from":"pointer","name":"/id"}}""");
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal("OPEN", changed.Json.GetProperty("fields").GetProperty("status").GetProperty("otherwise").GetString());
        Assert.Equal(JsonValueKind.Null, changed.Json.GetProperty("fields").GetProperty("assignee").ValueKind);
        Assert.Equal("/issue/fields/customfield_10050", changed.Json.GetProperty("exception_id").GetProperty("name").GetString());
        Assert.Equal("basic", changed.Json.GetProperty("authentication").GetProperty("method").GetString());

        var back = await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":null,"fields":null,"idempotency_key":null,"exception_id":null,"external_system":null}""");
        var fresh = await api.PostAsync("/v1/sources", new { tenant_id = "change", kind = "jira" });
        foreach (var member in new[] { "authentication", "fields", "idempotency_key", "exception_id", "external_system" })
        {
            Assert.Equal(fresh.Json.GetProperty(member).GetRawText(), back.Json.GetProperty(member).GetRawText());
        }

    }

    [Fact]
    public async Task The_audit_tells_old_and_new_values_and_of_a_secret_only_that_it_changed()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "told", kind = "jira", name = "Our Jira", external_system = "jira 1", secret = "the first of two secrets" });
        var fields = made.Json.GetProperty("fields").GetProperty("assignee");
        await api.PatchAsync($"/v1/sources/{made.Id}", """{"name":"Jira","external_system":"jira 2","exception_id":{"from":"query","name":"exc"},"fields":{"assignee":null},"secret":"the second of two secrets","grace_period_seconds":0}""");
        await api.PatchAsync($"/v1/sources/{made.Id}", """{"name":"Jira"}""");
        await api.DeleteAsync($"/v1/sources/{made.Id}");

        var entries = (await api.GetAsync($"/v1/audit?subject={made.Id}")).Json.GetProperty("items").EnumerateArray().Reverse().Select(entry => entry.GetProperty("details")).ToList();
        Assert.Equal(4, entries.Count);
        var created = entries[0].GetProperty("changes");
        Assert.Equal("""{"old":null,"new":"Our Jira"}""", created.GetProperty("name").GetRawText());
        Assert.Equal("""{"old":null,"new":"JIRA 1"}""", created.GetProperty("external_system").GetRawText());
        Assert.Equal("X-Hub-Signature", created.GetProperty("authentication").GetProperty("new").GetProperty("header").GetString());

        var changes = entries[1].GetProperty("changes");
        Assert.Equal(["name", "external_system", "exception_id", "fields.assignee"], changes.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""{"old":"Our Jira","new":"Jira"}""", changes.GetProperty("name").GetRawText());
        Assert.Equal("""{"old":"JIRA 1","new":"JIRA 2"}""", changes.GetProperty("external_system").GetRawText());
        Assert.Equal("""{"old":{"from":"path"},"new":{"from":"query","name":"exc"}}""", changes.GetProperty("exception_id").GetRawText());
        Assert.Equal(
            fields.GetProperty("pointers")[0].GetString(), changes.GetProperty("fields.assignee").GetProperty("old").GetProperty("pointers")[0].GetString());
        Assert.Equal("""{"secret":"changed"}""", entries[2].GetProperty("changes").GetRawText());
        Assert.Equal(["name", "kind"], entries[3].EnumerateObject().Select(member => member.Name));
        Assert.All(entries, entry => Assert.DoesNotContain("two secrets", entry.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_fault_is_told_at_once()
    {
        var answer = await api.PostAsync("/v1/sources", """
            {"tenant_id":"faults","kind":"trello","external_system":" ","name":1,"tolerance_seconds":-1,"secret":"short","authentication":{"method":"signature","message_template":"{timestamp}","x":1},
             "idempotency_key":{"from":"path"},"exception_id":{"from":"pointer","name":"no"},"fields":{"status":{"pointers":["/a","b~"],"values":{"a":1}},"colour":{}},"colour":"red"}
            """);

        answer.IsProblem(
            HttpStatusCode.BadRequest,
            "validation_failed",
            "/kind invalid_value", "/name invalid_type", "/external_system out_of_range",
            "/authentication/message_template invalid_value", "/authentication/x unknown_member", "/authentication/header required", "/tolerance_seconds out_of_range",
            "/idempotency_key/from invalid_value", "/exception_id/name invalid_format", "/fields/status/pointers/1 invalid_format", "/fields/status/values/a invalid_type", "/fields/colour unknown_member",
            "/secret invalid_format", "/colour unknown_member");
    }

    [Theory]
    [InlineData("""{"tenant_id":"parts","kind":"custom"}""", "/authentication required")]
    // What a source of an unknown kind would need is not known.
    [InlineData("""{"tenant_id":"parts"}""", "/kind required")]
    [InlineData("""{"tenant_id":"parts","kind":null}""", "/kind required")]
    [InlineData("""{"tenant_id":"parts","kind":"JIRA"}""", "/kind invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":7,"name":8}""", "/kind invalid_type", "/name invalid_type")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature"}}""", "/authentication/header required")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"header","header":"X-Secret","separator":"comma"}}""", "/authentication/separator invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"basic"}}""", "/authentication/username required")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X-S","message_template":"{timestamp}.{body}"}}""", "/authentication/timestamp_header invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X-S","timestamp_header":"X-T","timestamp_template":"t={timestamp}"}}""", "/authentication/timestamp_template invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X-S","value_template":"{body}"}}""", "/authentication/value_template invalid_value")]
    [InlineData(
        """{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X-S","message_template":"{body","value_template":"v1","timestamp_template":"{digest}","separator":"comma"}}""",
        "/authentication/message_template invalid_value", "/authentication/value_template invalid_value", "/authentication/timestamp_template invalid_value")]
    [InlineData(
        """{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X-S","message_template":"{id}{timestamp}{header:x-s}{body}","value_template":"v1, {digest}","secret_prefix":"whsec_","separator":"space"}}""",
        "/authentication/timestamp_header invalid_value", "/authentication/id_header invalid_value", "/authentication/header invalid_value", "/authentication/value_template invalid_value",
        "/authentication/secret_prefix invalid_value")]
    [InlineData(
        """{"tenant_id":"parts","kind":"custom","authentication":{"method":"signature","header":"X S","message_template":"{timestamp}.{body}","timestamp_header":"X T","timestamp_template":"t={timestamp}","separator":"dots","secret_encoding":"rot13","secret_prefix":"x"}}""",
        "/authentication/header invalid_format", "/authentication/timestamp_header invalid_format", "/authentication/secret_encoding invalid_value", "/authentication/separator invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","tolerance_seconds":300}""", "/tolerance_seconds invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"standard_webhooks","secret":"this is not base64 at all"}""", "/secret invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","secret":"****************************body"}""", "/secret invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"header","header":"X-Secret"},"idempotency_key":{"from":"header","name":"x-secret"}}""", "/idempotency_key/name invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"custom","authentication":{"method":"basic","username":"u"},"idempotency_key":{"from":"header","name":"authorization"}}""", "/idempotency_key/name invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","authentication":{"method":"header","header":"X-Atlassian-Webhook-Identifier"}}""", "/authentication/header invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","fields":{"status":{"pointers":["/a"],"values":{"a/b":"NOPE","c":"resolved"},"otherwise":"DONE"}}}""", "/fields/status/values/a~1b invalid_value", "/fields/status/otherwise invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","fields":{"status":{"pointers":["/a"],"values":{"done":null}}}}""", "/fields/status/values/done invalid_value")]
    [InlineData("""{"tenant_id":"parts","kind":"jira","fields":{"status":{},"assignee":{"values":{"a":"b"}},"due_at":{"pointers":null}}}""", "/fields/status/pointers required", "/fields/assignee/pointers required", "/fields/due_at/pointers required")]
    [InlineData("""{"kind":"jira"}""", "/tenant_id required")]
    public async Task What_does_not_go_together_is_refused(string body, params string[] errors) =>
        (await api.PostAsync("/v1/sources", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task A_change_that_does_not_fit_changes_nothing()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "nothing", kind = "jira", secret = "It's a Secret to Everybody" });

        (await api.PatchAsync($"/v1/sources/{made.Id}", new { kind = "github", tenant_id = "another", grace_period_seconds = 1 }))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/tenant_id read_only", "/kind read_only", "/grace_period_seconds invalid_value");
        // The secret of before does not fit base64.
        (await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":{"method":"signature","header":"X-S","secret_encoding":"base64"}}"""))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/secret invalid_value");

        Assert.Equal(made.Member("updated_at"), (await api.GetAsync($"/v1/sources/{made.Id}")).Member("updated_at"));
    }

    [Fact]
    public async Task A_field_that_a_command_needs_may_be_left_out_and_comes_back_with_null_for_all_of_them()
    {
        var made = await api.PostAsync("/v1/sources", """{"tenant_id":"leave","kind":"jira","fields":{"status":null}}""");
        Assert.Equal((HttpStatusCode.Created, JsonValueKind.Null), (made.Status, made.Json.GetProperty("fields").GetProperty("status").ValueKind));

        var back = await api.PatchAsync($"/v1/sources/{made.Id}", """{"fields":null}""");
        Assert.Equal(JsonValueKind.Object, back.Json.GetProperty("fields").GetProperty("status").ValueKind);
    }

    [Fact]
    public async Task Another_scheme_ends_what_does_not_fit_it_of_the_secrets_from_before()
    {
        const string Base64 = """{"method":"signature","header":"X-S","secret_encoding":"base64"}""";
        const string Fitting = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "scheme", kind = "jira", secret = "the first of three secrets" });
        await api.PatchAsync($"/v1/sources/{made.Id}", new { secret = Fitting });

        // The present one fits and stays; the one in its grace period is no base64.
        var changed = await api.PatchAsync($"/v1/sources/{made.Id}", $$"""{"authentication":{{Base64}}}""");
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal(JsonValueKind.Null, changed.Json.GetProperty("previous_secrets_until").ValueKind);
        Assert.Equal([Fitting], (await StoredAsync(made.Id)).Secrets.Select(secret => secret.Text));

        // Both at once, and the old one fits: it is tried under the new scheme.
        var both = await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":null,"secret":"the second of three secrets"}""");
        Assert.Equal(JsonValueKind.String, both.Json.GetProperty("previous_secrets_until").ValueKind);
        Assert.Equal(["the second of three secrets", Fitting], (await StoredAsync(made.Id)).Secrets.Select(secret => secret.Text));

        // Both at once, and it does not.
        var made64 = await api.PatchAsync($"/v1/sources/{made.Id}", $$"""{"authentication":{{Base64}},"secret":null}""");
        Assert.Equal([made64.Member("secret")!, Fitting], (await StoredAsync(made.Id)).Secrets.Select(secret => secret.Text));
        await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":{"method":"basic","username":"jira"},"secret":"the third of three secrets","grace_period_seconds":60}""");
        var header = await api.PatchAsync($"/v1/sources/{made.Id}", """{"authentication":{"method":"header","header":"X-Secret"}}""");
        Assert.Equal(JsonValueKind.String, header.Json.GetProperty("previous_secrets_until").ValueKind);

        // A change of anything else ends nothing.
        var before = (await StoredAsync(made.Id)).Secrets;
        await api.PatchAsync($"/v1/sources/{made.Id}", new { name = "renamed" });
        Assert.Equal(before, (await StoredAsync(made.Id)).Secrets);
    }

    [Fact]
    public async Task A_time_is_answered_as_it_is_read_again()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "times", kind = "jira" });
        for (var round = 0; round < 5; round++)
        {
            var rotated = await api.PatchAsync($"/v1/sources/{made.Id}", """{"secret":null}""");
            var read = await api.GetAsync($"/v1/sources/{made.Id}");
            foreach (var member in new[] { "previous_secrets_until", "created_at", "updated_at" })
            {
                Assert.Equal(read.Json.GetProperty(member).GetRawText(), rotated.Json.GetProperty(member).GetRawText());
            }
        }
    }

    [Fact]
    public async Task Lists_are_paged_newest_first_and_another_tenants_sources_are_not_there()
    {
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Insert(0, (await api.PostAsync("/v1/sources", new { tenant_id = "paged", kind = "github", name = $"{number}" })).Id);
        }

        var first = await api.GetAsync("/v1/sources?tenant_id=paged&limit=3");
        var second = await api.GetAsync($"/v1/sources?tenant_id=paged&limit=3&cursor={first.NextCursor}");
        Assert.Equal(ids, [.. first.Ids, .. second.Ids]);
        Assert.Null(second.NextCursor);

        var other = await api.TokenAsync("someone_else", "sources:read", "sources:write");
        Assert.Empty((await api.GetAsync("/v1/sources", other)).Ids);
        (await api.GetAsync($"/v1/sources/{ids[0]}", other)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PatchAsync($"/v1/sources/{ids[0]}", new { name = "x" }, other)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.DeleteAsync($"/v1/sources/{ids[0]}", other)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync("/v1/sources", new { kind = "jira" }, await api.TokenAsync("someone_else", "sources:read"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Reencryption_covers_sources()
    {
        var made = await api.PostAsync("/v1/sources", new { tenant_id = "reencrypt_sources", kind = "jira", secret = "a secret that changes its key" });
        var subscription = await api.SubscribeAsync("reencrypt_sources");
        var keys = new SecretKeyOptions { SecretKeyId = "next" };
        keys.SecretKeys["test"] = Convert.ToBase64String(new byte[32]);
        keys.SecretKeys["next"] = Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray());
        var vault = new SecretVault(Microsoft.Extensions.Options.Options.Create(keys));
        var reencryption = new SecretReencryption(api.Database, vault);

        var chunks = 0;
        for (var after = Guid.Empty; await reencryption.NextAsync(after, 1, Stop) is { } chunk; after = chunk.End)
        {
            Assert.Empty(chunk.Faults);
            chunks++;
        }

        Assert.True(chunks >= 2);
        Assert.Equal(0, await reencryption.CountAsync(Stop));
        Assert.Equal("next", await api.Database.ScalarAsync<string>("SELECT key_id FROM source_secrets WHERE source_id = $1", IdOf(made.Id)));
        Assert.Equal("a secret that changes its key", (await new SourceStore(api.Database, vault).FindAsync(IdOf(made.Id), "reencrypt_sources", Stop))!.Secrets[0].Text);
        Assert.NotEmpty(subscription.Id);

        // Back, for the service of these tests, which knows the first key only.
        keys.SecretKeyId = "test";
        var back = new SecretReencryption(api.Database, new SecretVault(Microsoft.Extensions.Options.Options.Create(keys)));
        for (var after = Guid.Empty; await back.NextAsync(after, 100, Stop) is { } chunk; after = chunk.End)
        {
            Assert.Empty(chunk.Faults);
        }
    }

    private async Task<Webhooks.Sources.Source> StoredAsync(string id) =>
        (await api.Services.GetRequiredService<SourceStore>().FindAsync(IdOf(id), tenantId: null, Stop))!;

    private static Guid IdOf(string id) => PrefixedId.TryParse(PrefixedId.Source, id, out var parsed) ? parsed : throw new InvalidOperationException($"{id} is no source's id.");
}
