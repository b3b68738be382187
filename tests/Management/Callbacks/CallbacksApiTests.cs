using System.Net;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Callbacks;

public sealed class CallbacksApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_callback_is_shown_with_its_command_and_the_deliveries_that_it_answers()
    {
        var before = await AboutAsync("story", """{"exception_id":"exc_7","amount":1.0}""", "req_1");
        var other = await AboutAsync("story", """{"exception_id":"exc_7"}""", "req_2");
        await AboutAsync("story", """{"exception_id":"exc_8","mentions":"exc_7"}""", "req_1");
        await AboutAsync("someone_else", """{"exception_id":"exc_7"}""", "req_1");
        var id = await StoredCallbacks.AddAsync(api, "story", "exc_7", "applied");
        await AboutAsync("story", """{"exception_id":"exc_7"}""", "req_1"); // after it

        var shown = await api.GetAsync($"/v1/callbacks/{id}");

        Assert.Equal(HttpStatusCode.OK, shown.Status);
        Assert.Equal(
            ["id", "tenant_id", "exception_id", "external_system", "source_id", "idempotency_key", "status", "reason", "superseded", "command_id", "created_at", "accepted_at", "answered_at", "command", "repeats", "trace_id", "deliveries"],
            shown.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((id, "story", "exc_7", "applied"), (shown.Id, shown.Member("tenant_id"), shown.Member("exception_id"), shown.Member("status")));
        Assert.Equal("""{"exception_id":"exc_7","payload":null,"amount":1000.0}""", shown.Json.GetProperty("command").GetRawText());
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", shown.Member("trace_id"));
        Assert.Equal([other, before], DeliveriesOf(shown));
        Assert.Equal(JsonValueKind.Null, shown.Json.GetProperty("reason").ValueKind);

        // The correlation narrows it, when the callback names one.
        Assert.Equal([before], DeliveriesOf(await api.GetAsync($"/v1/callbacks/{await StoredCallbacks.AddAsync(api, "story", "exc_7", payload: """{"correlationId":"req_1"}""", createdAt: shown.Json.GetProperty("created_at").GetDateTimeOffset())}")));
    }

    [Fact]
    public async Task The_list_is_newest_first_and_by_exception_status_and_tenant_in_pages()
    {
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Insert(0, await StoredCallbacks.AddAsync(api, "listed", $"exc_{number % 2}", number == 3 ? "failed" : "applied"));
        }

        await StoredCallbacks.AddAsync(api, "listed_too", "exc_0");
        await StoredCallbacks.AddAsync(api, "listed", "exc_0", route: "others");

        Assert.Equal(ids, (await api.GetAsync("/v1/callbacks?tenant_id=listed")).Ids);
        Assert.Equal([ids[0], ids[2], ids[4]], (await api.GetAsync("/v1/callbacks?tenant_id=listed&exception_id=exc_0")).Ids);
        Assert.Equal([ids[1]], (await api.GetAsync("/v1/callbacks?tenant_id=listed&status=failed")).Ids);
        Assert.Empty((await api.GetAsync("/v1/callbacks?tenant_id=listed&status=reserved")).Ids);

        var token = await api.TokenAsync("listed", "callbacks:read");
        var first = await api.GetAsync("/v1/callbacks?limit=3", token);
        Assert.Equal(ids[..3], first.Ids);
        Assert.Equal(ids[3..], (await api.GetAsync($"/v1/callbacks?limit=3&cursor={first.NextCursor}", token)).Ids);
        (await api.GetAsync("/v1/callbacks?status=done")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/status invalid_value");
    }

    [Fact]
    public async Task A_sources_webhook_names_its_source_and_a_call_of_the_API_names_none()
    {
        var source = Guid.CreateVersion7();
        var (called, sent) = (await StoredCallbacks.AddAsync(api, "origins"), await StoredCallbacks.AddAsync(api, "origins", sourceId: source));

        var listed = (await api.GetAsync("/v1/callbacks?tenant_id=origins")).Json.GetProperty("items");
        Assert.Equal(PrefixedId.Format(PrefixedId.Source, source), listed[0].GetProperty("source_id").GetString());
        Assert.Equal(JsonValueKind.Null, listed[1].GetProperty("source_id").ValueKind);
        Assert.Equal(PrefixedId.Format(PrefixedId.Source, source), (await api.GetAsync($"/v1/callbacks/{sent}")).Member("source_id"));
        Assert.Equal(JsonValueKind.Null, (await api.GetAsync($"/v1/callbacks/{called}")).Json.GetProperty("source_id").ValueKind);
    }

    [Fact]
    public async Task What_no_text_can_hold_is_shown_as_the_command_spells_it()
    {
        const string Odd = """{"correlation_id":"\ud800","nul\u0000":"\u0000","deep":["\udc00"]}""";

        var shown = await api.GetAsync($"/v1/callbacks/{await StoredCallbacks.AddAsync(api, "odd", payload: Odd)}");

        Assert.Equal(HttpStatusCode.OK, shown.Status);
        Assert.Equal(Odd, shown.Json.GetProperty("command").GetProperty("payload").GetRawText());
    }

    [Fact]
    public async Task Events_that_name_what_no_text_can_hold_are_linked_like_others()
    {
        var odd = await AboutAsync("odd_events", """{"\ud800_is_no_character":1,"exception_id":"exc_9"}""", "req_1");
        await AboutAsync("odd_events", """{"mentions":"exc_9","exception_id":"exc_9\ud800"}""", "req_1");

        Assert.Equal([odd], DeliveriesOf(await api.GetAsync($"/v1/callbacks/{await StoredCallbacks.AddAsync(api, "odd_events", "exc_9")}")));
    }

    private static IReadOnlyList<string> DeliveriesOf(Answer shown) =>
        [.. shown.Json.GetProperty("deliveries").EnumerateArray().Select(delivery => delivery.GetProperty("id").GetString()!)];

    private async Task<string> AboutAsync(string tenantId, string data, string correlationId)
    {
        var accepted = await Accepted.EventAsync(api, tenantId, "exception.created", subscriptions: null, data: data);
        await api.Database.ExecuteAsync("UPDATE events SET correlation_id = $1 WHERE created_at = $2", correlationId, accepted.CreatedAt.UtcDateTime);
        return accepted.Deliveries[0];
    }
}
