using System.Net;
using System.Text.Json;

namespace Webhooks.Management.Tests.Subscriptions.Limits;

public sealed class LimitsApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly string[] Members = ["state", "rate_limit", "max_in_flight", "ordering", "ordering_key"];

    [Theory]
    [InlineData("""{"per_second":0.01}""", "1", "/context_id")]
    [InlineData("""{"per_second":10000}""", "1000", "/data/a~1b/0")]
    public async Task Limits_and_an_order_come_back_as_they_were_given(string rate, string inFlight, string key)
    {
        var made = await CreateAsync($$""" "state":"paused","rate_limit":{{rate}},"max_in_flight":{{inFlight}},"ordering":"by_key","ordering_key":"{{key}}" """);

        string[] given = ["\"paused\"", rate, inFlight, "\"by_key\"", $"\"{key}\""];
        Assert.Equal(given, Shown(made.Json));
        Assert.Equal(given, Shown((await api.GetAsync($"/v1/subscriptions/{made.Id}")).Json));
    }

    [Fact]
    public async Task A_change_names_what_it_changes_and_null_takes_it_away()
    {
        var made = await CreateAsync(""" "description":"unlimited" """);
        Assert.Equal(["\"active\"", "null", "null", "null", "null"], Shown(made.Json));

        Assert.Equal(["\"active\"", """{"per_second":2.5}""", "null", "null", "null"], await PatchAsync(made.Id, """{"rate_limit":{"per_second":2.5}}"""));
        Assert.Equal(["\"active\"", """{"per_second":2.5}""", "7", "null", "null"], await PatchAsync(made.Id, """{"rate_limit":{},"max_in_flight":7}"""));
        Assert.Equal(["\"active\"", "null", "7", "\"by_key\"", "\"/data/id\""], await PatchAsync(made.Id, """{"rate_limit":null,"ordering":"by_key","ordering_key":"/data/id"}"""));
        Assert.Equal(["\"active\"", "null", "7", "\"by_key\"", "\"/data/no\""], await PatchAsync(made.Id, """{"ordering_key":"/data/no"}"""));
        Assert.Equal(["\"paused\"", "null", "null", "\"by_key\"", "\"/data/no\""], await PatchAsync(made.Id, """{"max_in_flight":null,"state":"paused"}"""));

        // The key goes with the order.
        Assert.Equal(["\"active\"", "null", "null", "null", "null"], await PatchAsync(made.Id, """{"ordering":null,"state":"active"}"""));
    }

    [Fact]
    public async Task An_order_loses_neither_its_key_nor_a_key_its_order_alone()
    {
        var ordered = await CreateAsync(""" "ordering":"by_key","ordering_key":"/data/id" """);
        var unordered = await CreateAsync(""" "description":"unordered" """);

        (await api.PatchAsync($"/v1/subscriptions/{ordered.Id}", """{"ordering_key":null}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/ordering_key required");
        (await api.PatchAsync($"/v1/subscriptions/{ordered.Id}", """{"ordering":null,"ordering_key":"/data/id"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/ordering_key invalid_value");
        (await api.PatchAsync($"/v1/subscriptions/{unordered.Id}", """{"ordering_key":"/data/id"}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/ordering_key invalid_value");
        (await api.PatchAsync($"/v1/subscriptions/{unordered.Id}", """{"rate_limit":{}}""")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/rate_limit/per_second required");
    }

    [Fact]
    public async Task Each_state_follows_each_other()
    {
        var made = await CreateAsync(""" "description":"states" """);

        foreach (var state in (string[])["paused", "active", "disabled", "paused", "disabled", "active"])
        {
            Assert.Equal(state, (await api.PatchAsync($"/v1/subscriptions/{made.Id}", new { state })).Member("state"));
        }

        Assert.Equal(
            ["subscription.enabled", "subscription.disabled", "subscription.paused", "subscription.disabled", "subscription.resumed", "subscription.paused", "subscription.created"],
            (await api.GetAsync($"/v1/audit?subject={made.Id}")).Json.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task What_is_paused_matches_in_a_dry_run()
    {
        var made = await CreateAsync(""" "state":"paused" """);

        var answer = await api.PostAsync("/v1/dry-run", """{"id":"evt_1","type":"a","tenant_id":"limits","data":{}}""");

        Assert.Contains(made.Id, answer.Json.GetProperty("matched").EnumerateArray().Select(match => match.GetProperty("subscription_id").GetString()));
    }

    private async Task<IEnumerable<string>> PatchAsync(string id, string body)
    {
        var changed = await api.PatchAsync($"/v1/subscriptions/{id}", body);
        Assert.Equal((HttpStatusCode.OK, changed.Text), (changed.Status, changed.Text));
        return Shown(changed.Json);
    }

    private async Task<Answer> CreateAsync(string members)
    {
        var made = await api.PostAsync("/v1/subscriptions", $$"""{"tenant_id":"limits","url":"https://receiver.example/","event_types":["a"],{{members}}}""");
        Assert.Equal((HttpStatusCode.Created, made.Text), (made.Status, made.Text));
        return made;
    }

    private static IEnumerable<string> Shown(JsonElement subscription) => Members.Select(name => subscription.GetProperty(name).GetRawText());
}
