using System.Net;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Parking;

public sealed class ParkedApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task A_parked_message_is_shown_with_its_reason_its_headers_and_its_body()
    {
        var id = await ParkedRows.AddAsync(api, "shown", body: """{"id":"evt_1","data":1000.0}""", properties: new()
        {
            MessageId = "m-7",
            Priority = 3,
            Headers = new Dictionary<string, object?>
            {
                ["own"] = "header",
                ["number"] = 42L,
                ["list"] = new List<object> { 1, "two", new Dictionary<string, object?> { ["inner"] = double.NaN } },
                ["bytes"] = new byte[] { 0xff, 0xfe },
            },
        });

        var shown = await api.GetAsync($"/v1/parked/{id}");

        Assert.Equal(HttpStatusCode.OK, shown.Status);
        Assert.Equal(
            ["id", "tenant_id", "queue", "reason", "detail", "message_id", "size", "status", "created_at", "republished_at", "properties", "body", "body_encoding", "body_is_cut"],
            shown.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((id, "shown", BrokerNames.PublisherQueue, "invalid_event"), (shown.Id, shown.Member("tenant_id"), shown.Member("queue"), shown.Member("reason")));
        Assert.Equal(("It is wrong.", "m-7", "parked", null), (shown.Member("detail"), shown.Member("message_id"), shown.Member("status"), shown.Member("republished_at")));
        Assert.Equal(("""{"id":"evt_1","data":1000.0}""", "utf-8", 28), (shown.Member("body"), shown.Member("body_encoding"), shown.Json.GetProperty("size").GetInt32()));
        var properties = shown.Json.GetProperty("properties");
        Assert.Equal(("m-7", 3), (properties.GetProperty("message_id").GetString(), properties.GetProperty("priority").GetInt32()));
        var headers = properties.GetProperty("headers");
        Assert.Equal(("header", 42, "invalid_event"), (headers.GetProperty("own").GetString(), headers.GetProperty("number").GetInt32(), headers.GetProperty("x-webhooks-reason").GetString()));
        Assert.Equal("""[1,"two",{"inner":"NaN"}]""", headers.GetProperty("list").GetRawText());
        Assert.Equal("//4=", headers.GetProperty("bytes").GetString());
    }

    [Theory]
    [InlineData("", "utf-8", "", false)]
    [InlineData("00", "utf-8", "\0", false)]
    [InlineData("c328", "base64", "wyg=", false)]
    [InlineData("e282ac", "utf-8", "€", false)]
    public async Task A_body_is_shown_as_text_where_it_is_text(string bytes, string encoding, string text, bool isCut)
    {
        var shown = await api.GetAsync($"/v1/parked/{await ParkedRows.AddAsync(api, "bodies", BrokerNames.PublisherQueue, "not_json", Convert.FromHexString(bytes))}");

        Assert.Equal((encoding, text, isCut), (shown.Member("body_encoding"), shown.Member("body"), shown.Json.GetProperty("body_is_cut").GetBoolean()));
    }

    // 262,144 bytes are shown, and a character of three lies across that.
    [Fact]
    public async Task Of_a_large_body_the_beginning_is_shown_whole_characters_only()
    {
        var text = string.Concat(Enumerable.Repeat("€", 100_000));

        var shown = await api.GetAsync($"/v1/parked/{await ParkedRows.AddAsync(api, "bodies", body: text)}");

        Assert.Equal((text[..87_381], "utf-8", true, 300_000),
            (shown.Member("body"), shown.Member("body_encoding"), shown.Json.GetProperty("body_is_cut").GetBoolean(), shown.Json.GetProperty("size").GetInt32()));
    }

    [Fact]
    public async Task The_list_is_newest_first_and_by_reason_queue_tenant_status_and_time_in_pages()
    {
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Insert(0, await ParkedRows.AddAsync(
                api, "listed", number % 2 == 0 ? BrokerNames.PublisherQueue : BrokerNames.RetriesQueue(0), number == 3 ? "poison" : "not_json"));
        }

        var nobodys = await ParkedRows.AddAsync(api, tenantId: null);
        await api.Database.ExecuteAsync("UPDATE parked SET republished_at = now() WHERE id = $1", IdOf(ids[4]));

        Assert.Equal(ids, (await api.GetAsync("/v1/parked?tenant_id=listed")).Ids);
        Assert.Equal(nobodys, (await api.GetAsync("/v1/parked")).Ids[0]);
        Assert.Equal([ids[1]], (await api.GetAsync("/v1/parked?tenant_id=listed&reason=poison")).Ids);
        Assert.Equal([ids[1], ids[3]], (await api.GetAsync($"/v1/parked?tenant_id=listed&queue={BrokerNames.RetriesQueue(0)}")).Ids);
        Assert.Equal([ids[4]], (await api.GetAsync("/v1/parked?tenant_id=listed&status=republished")).Ids);
        Assert.Equal(ids[..4], (await api.GetAsync("/v1/parked?tenant_id=listed&status=parked")).Ids);
        (await api.GetAsync("/v1/parked?status=gone")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/status invalid_value");
        (await api.GetAsync("/v1/parked?reason=nonsense")).IsProblem(HttpStatusCode.BadRequest, "validation_failed", "/reason invalid_value");
        Assert.Empty((await api.GetAsync("/v1/parked?tenant_id=listed&reason=unknown")).Ids);
        (await api.GetAsync("/v1/parked?status=Parked&reason=&since=yesterday&limit=0&state=parked")).IsProblem(
            HttpStatusCode.BadRequest, "validation_failed", "/status invalid_value", "/reason invalid_format", "/since invalid_format", "/limit out_of_range", "/state unknown_member");

        var middle = (await api.GetAsync($"/v1/parked/{ids[2]}")).Json.GetProperty("created_at").GetString();
        Assert.Equal(ids[..3], (await api.GetAsync($"/v1/parked?tenant_id=listed&since={middle}")).Ids);
        Assert.Equal(ids[3..], (await api.GetAsync($"/v1/parked?tenant_id=listed&until={middle}")).Ids);

        // A tenant's token sees its own; nobody's is an administrator's.
        var token = await api.TokenAsync("listed", "admin");
        var first = await api.GetAsync("/v1/parked?limit=3", token);
        Assert.Equal(ids[..3], first.Ids);
        var second = await api.GetAsync($"/v1/parked?limit=3&cursor={first.NextCursor}", token);
        Assert.Equal(ids[3..], second.Ids);
        Assert.Null(second.NextCursor);
        (await api.GetAsync($"/v1/parked/{nobodys}", token)).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.GetAsync("/v1/parked", await api.TokenAsync("listed", "deliveries:read"))).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task A_page_of_few_that_fit_leads_on()
    {
        var wanted = await ParkedRows.AddAsync(api, "scanned", reason: "poison");
        await api.Database.ExecuteAsync(
            """
            INSERT INTO parked (id, created_at, tenant_id, reason, detail, properties, body)
            SELECT gen_random_uuid(), clock_timestamp(), 'scanned', 'not_json', '', '', '' FROM generate_series(1, 5000)
            """);

        var first = await api.GetAsync("/v1/parked?tenant_id=scanned&reason=poison");
        Assert.Empty(first.Ids);
        Assert.Equal([wanted], (await api.GetAsync($"/v1/parked?tenant_id=scanned&reason=poison&cursor={first.NextCursor}")).Ids);
    }

    [Fact]
    public async Task A_deleted_message_is_gone_and_the_audit_says_who_did_it()
    {
        var id = await ParkedRows.AddAsync(api, "deleted");

        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync($"/v1/parked/{id}")).Status);

        (await api.GetAsync($"/v1/parked/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.DeleteAsync($"/v1/parked/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await api.PostAsync($"/v1/parked/{id}/republish", "")).IsProblem(HttpStatusCode.NotFound, "not_found");
        var entry = Assert.Single((await api.GetAsync($"/v1/audit?subject={id}")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal(("parked.deleted", "deleted"), (entry.GetProperty("action").GetString(), entry.GetProperty("tenant_id").GetString()));
        Assert.Equal(("invalid_event", BrokerNames.PublisherQueue), (Detail(entry, "reason"), Detail(entry, "queue")));
    }

    private static string? Detail(JsonElement entry, string name) => entry.GetProperty("details").GetProperty(name).GetString();

    private static Guid IdOf(string id) => PrefixedId.TryParse(PrefixedId.Parked, id, out var read) ? read : throw new InvalidOperationException(id);
}
