using System.Net;
using System.Text.Json;

namespace Webhooks.Management.Tests.Catalog;

public sealed class EventTypesApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private static readonly string[] Documented =
    [
        "exception.created", "exception.resolved", "exception.sla_warning", "ingestion.completed",
        "match.confirmed", "match.force_matched", "match.unmatched", "match_run.completed",
        "webhook.delivery_exhausted", "webhook.delivery_failed", "webhook.inbound_received", "webhook.subscription_disabled", "webhook.subscription_health_changed", "webhook.test",
    ];

    [Fact]
    public async Task The_list_has_every_documented_type_in_the_order_of_names()
    {
        var list = await api.GetAsync("/v1/event-types");

        Assert.Equal(HttpStatusCode.OK, list.Status);
        Assert.Equal(Documented, Types(list));
        Assert.Null(list.NextCursor);
        Assert.All(list.Json.GetProperty("items").EnumerateArray(), type =>
        {
            Assert.Equal(["type", "description", "schema", "example"], type.EnumerateObject().Select(member => member.Name));
            Assert.NotEmpty(type.GetProperty("description").GetString()!);
            Assert.Equal(type.GetProperty("type").GetString(), type.GetProperty("example").GetProperty("type").GetString());
            Assert.Equal(JsonValueKind.Object, type.GetProperty("example").GetProperty("data").ValueKind);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(12)]
    public async Task Pages_lead_through_the_whole_list(int limit)
    {
        var (types, cursor) = (new List<string?>(), (string?)"");
        while (cursor is not null)
        {
            var page = await api.GetAsync($"/v1/event-types?limit={limit}&cursor={cursor}");
            Assert.InRange(Types(page).Count, 1, limit);
            types.AddRange(Types(page));
            cursor = page.NextCursor;
        }

        Assert.Equal(Documented, types);
    }

    [Fact]
    public async Task One_type_is_shown_with_its_example_as_documented_and_its_schema_if_it_has_one()
    {
        var created = await api.GetAsync("/v1/event-types/exception.created");
        var test = await api.GetAsync("/v1/event-types/webhook.test");

        Assert.Equal("15000.0", created.Json.GetProperty("example").GetProperty("data").GetProperty("transaction").GetProperty("amount").GetRawText());
        Assert.Equal(JsonValueKind.Null, created.Json.GetProperty("schema").ValueKind);
        Assert.Equal("message", test.Json.GetProperty("schema").GetProperty("required")[0].GetString());
    }

    [Theory]
    [InlineData("/v1/event-types/no.such")]
    [InlineData("/v1/event-types/EXCEPTION.CREATED")]
    [InlineData("/v1/event-types/%F0%9F%98%80")]
    public async Task What_is_not_in_the_catalog_is_not_found(string path) => (await api.GetAsync(path)).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Theory]
    [InlineData("x")]
    [InlineData("_w")]
    [InlineData("c2E")]
    [InlineData("%C3%BC")]
    public async Task A_cursor_of_elsewhere_is_refused(string cursor) =>
        (await api.GetAsync($"/v1/event-types?cursor={cursor}")).IsProblem(HttpStatusCode.BadRequest, "invalid_cursor");

    [Fact]
    public async Task A_tenant_sees_them_too_and_nobody_changes_them_yet()
    {
        Assert.Equal(Documented, Types(await api.GetAsync("/v1/event-types", await api.TokenAsync("any", "event-types:read"))));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await api.PostAsync("/v1/event-types", new { type = "a" })).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await api.PatchAsync("/v1/event-types/exception.created", new { description = "a" })).Status);
    }

    private static IReadOnlyList<string?> Types(Answer page) => [.. page.Json.GetProperty("items").EnumerateArray().Select(type => type.GetProperty("type").GetString())];
}
