using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Profiles;
using Webhooks.Subscriptions.Rendering;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Management.Tests.DryRuns;

public sealed class DryRunApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly DateTimeOffset Moment = new(2024, 1, 20, 10, 30, 0, 500, TimeSpan.Zero);

    public static TheoryData<string> Profiles => [.. BuiltInProfiles.All.Select(profile => profile.Name)];

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task What_is_shown_is_what_the_shared_renderer_makes_to_the_byte(string profile)
    {
        var tenantId = $"bytes_{profile}";
        var subscription = await SubscribeAsync(tenantId, new { profile });
        await api.PostAsync($"/v1/subscriptions/{subscription.Id}/rotate-secret", new { });
        var body = Event(tenantId);

        var (first, second) = (await DryRunAsync(body), await DryRunAsync(body));

        Assert.Equal(first.GetRawText(), second.GetRawText());
        var match = Assert.Single(first.GetProperty("matched").EnumerateArray());
        var stored = await api.Services.GetRequiredService<SubscriptionStore>().FindAsync(ManagementApi.IdOf(subscription), null, TestContext.Current.CancellationToken);
        var accepted = Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes(body))).Event;
        var expected = new RequestRenderer().Render(stored!.Settings, stored, accepted, Moment);
        Assert.Equal(subscription.Id, match.GetProperty("subscription_id").GetString());
        Assert.Equal(expected.Url, match.GetProperty("url").GetString());
        Assert.Equal(Encoding.UTF8.GetString(expected.Body.Span), match.GetProperty("body").GetString());
        Assert.Equal(expected.SentHeaders, match.GetProperty("headers").EnumerateObject().Select(header => KeyValuePair.Create(header.Name, header.Value.GetString()!)));
        Assert.Equal(JsonValueKind.Null, match.GetProperty("error").ValueKind);
        Assert.Equal(Moment, first.GetProperty("timestamp").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_secret_whose_grace_is_over_signs_no_event_however_old()
    {
        var subscription = await SubscribeAsync("grace", new { profile = "standard" });
        await api.PostAsync($"/v1/subscriptions/{subscription.Id}/rotate-secret", new { grace_period_seconds = 60 });

        var during = SignatureOf(await DryRunAsync(Event("grace")));
        api.Time.Ahead = TimeSpan.FromSeconds(61);
        var after = SignatureOf(await DryRunAsync(Event("grace")));
        api.Time.Ahead = TimeSpan.Zero;

        Assert.Equal(2, during.Split(' ').Length);
        Assert.Equal(during.Split(' ')[0], after);

        static string SignatureOf(JsonElement answer) => answer.GetProperty("matched")[0].GetProperty("headers").GetProperty("webhook-signature").GetString()!;
    }

    [Fact]
    public async Task Whoever_does_not_get_it_is_named_with_the_reason()
    {
        const string Tenant = "reasons";
        var matching = await SubscribeAsync(Tenant, new { event_types = new[] { "exception.*" }, filter = Condition("/data/severity", new { eq = "HIGH" }) });
        var disabled = await SubscribeAsync(Tenant, new { state = "disabled" });
        var gone = await SubscribeAsync(Tenant, new { });
        await api.Services.GetRequiredService<SubscriptionStore>().DisableAsync(ManagementApi.IdOf(gone), "gone", TestContext.Current.CancellationToken);
        var other = await SubscribeAsync(Tenant, new { event_types = new[] { "match.*", "exception.resolved" } });
        var filtered = await SubscribeAsync(Tenant, new { filter = Condition("/data/severity", new { @in = new[] { "LOW" } }) });
        var missing = await SubscribeAsync(Tenant, new { filter = Condition("/data/amount", new { gte = 5 }) });
        var deleted = await SubscribeAsync(Tenant, new { });
        await api.DeleteAsync($"/v1/subscriptions/{deleted.Id}");
        await SubscribeAsync("another_tenant", new { });

        var answer = await DryRunAsync(Event(Tenant));

        Assert.Equal([matching.Id], answer.GetProperty("matched").EnumerateArray().Select(match => match.GetProperty("subscription_id").GetString()));
        Assert.Equal(
            [
                (missing.Id, """filter: Its filter does not hold: the event has nothing at /data/amount, which must be {"gte":5}."""),
                (filtered.Id, """filter: Its filter does not hold: /data/severity is not {"in":["LOW"]}."""),
                (other.Id, "type: None of its event types takes exception.created."),
                (gone.Id, "disabled: The subscription is disabled (gone)."),
                (disabled.Id, "disabled: The subscription is disabled."),
            ],
            answer.GetProperty("unmatched").EnumerateArray().Select(miss => (miss.GetProperty("subscription_id").GetString()!, miss.GetProperty("reason").GetString()!)));
    }

    [Fact]
    public async Task A_match_whose_request_cannot_be_made_says_why()
    {
        var subscription = await SubscribeAsync("unfit", new { transform = new { template = new { text = "{/data/nowhere}" } } });

        var match = Assert.Single((await DryRunAsync(Event("unfit"))).GetProperty("matched").EnumerateArray());

        Assert.Equal(subscription.Id, match.GetProperty("subscription_id").GetString());
        Assert.Contains("/data/nowhere", match.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.All(["headers", "body"], name => Assert.Equal(JsonValueKind.Null, match.GetProperty(name).ValueKind));
    }

    [Fact]
    public async Task Headers_of_the_subscriptions_own_are_shown_but_for_credentials()
    {
        const string Credential = "Bearer whatever-opens-the-door";
        await SubscribeAsync("own", new { headers = new Dictionary<string, string> { ["Authorization"] = Credential, ["X-Environment"] = "test" } });

        var answer = await DryRunAsync(Event("own"));

        var headers = answer.GetProperty("matched")[0].GetProperty("headers");
        Assert.Equal("test", headers.GetProperty("X-Environment").GetString());
        Assert.NotEqual(Credential, headers.GetProperty("Authorization").GetString());
        Assert.DoesNotContain(Credential, answer.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_stored_or_published()
    {
        await SubscribeAsync("nothing", new { });

        await DryRunAsync(Event("nothing"));

        await using var rows = api.Database.CreateCommand("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM event_keys)");
        Assert.Equal(0L, await rows.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/v1/events/evt_dry")).Status);
    }

    [Fact]
    public async Task A_tenant_with_more_than_one_answer_holds_is_led_on()
    {
        const string Tenant = "many";
        var made = new HashSet<string>();
        for (var number = 0; number < 50; number++)
        {
            made.Add((await SubscribeAsync(Tenant, new { })).Id);
        }

        var large = Event(Tenant, $$"""{"text":"{{new string('x', 250 * 1024)}}"}""");
        var seen = new List<string>();
        var (path, pages) = ("/v1/dry-run", 0);
        while (path is not null)
        {
            var page = await api.PostAsync(path, large);
            Assert.InRange(page.Text.Length, 1, 10 * 1024 * 1024);
            seen.AddRange(page.Json.GetProperty("matched").EnumerateArray().Select(match => match.GetProperty("subscription_id").GetString()!));
            path = page.NextCursor is { } cursor ? $"/v1/dry-run?cursor={cursor}" : null;
            pages++;
        }

        Assert.Equal(made.OrderDescending(StringComparer.Ordinal), seen);
        Assert.InRange(pages, 2, 50);
    }

    [Fact]
    public async Task An_event_is_read_as_it_is_when_it_is_published()
    {
        var token = await api.TokenAsync("reader");
        await SubscribeAsync("reader", new { });

        (await api.PostAsync("/v1/dry-run", """{"id":"e","type":"webhook.test","data":5}"""))
            .IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/type reserved", "/data invalid_type", "/tenant_id required");
        (await api.PostAsync("/v1/dry-run", Event("other"), token)).IsProblem(HttpStatusCode.Forbidden, "forbidden");
        (await api.PostAsync("/v1/dry-run", "{")).IsProblem(HttpStatusCode.BadRequest, "malformed_json");
        (await api.PostAsync("/v1/dry-run?limit=5", Event("reader"))).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/limit unknown_member");
        (await api.PostAsync("/v1/dry-run?cursor=x", Event("reader"))).IsProblem(HttpStatusCode.BadRequest, "invalid_cursor");
        var implied = await api.PostAsync("/v1/dry-run", """{"id":"e","type":"a.b","data":{}}""", token);
        Assert.Equal("reader", JsonElement.Parse(implied.Json.GetProperty("matched")[0].GetProperty("body").GetString()!).GetProperty("tenant_id").GetString());
    }

    private async Task<JsonElement> DryRunAsync(string body)
    {
        var answer = await api.PostAsync("/v1/dry-run", body);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        return answer.Json;
    }

    private async Task<Answer> SubscribeAsync(string tenantId, object members)
    {
        var body = new Dictionary<string, object?> { ["tenant_id"] = tenantId, ["url"] = "https://receiver.example/hook", ["event_types"] = new[] { "*" } };
        foreach (var member in JsonSerializer.SerializeToElement(members).EnumerateObject())
        {
            body[member.Name] = member.Value;
        }

        var made = await api.PostAsync("/v1/subscriptions", body);
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        return made;
    }

    private static Dictionary<string, object> Condition(string pointer, object condition) => new() { [pointer] = condition };

    private static string Event(string tenantId, string data = """{"severity":"HIGH","n":1000.0}""") =>
        $$"""{"id":"evt_dry","type":"exception.created","tenant_id":"{{tenantId}}","timestamp":"2024-01-20T11:30:00.5+01:00","data":{{data}}}""";
}
