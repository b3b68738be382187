using System.Net;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.Management.Tests.Deliveries;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Events;

public sealed class EventsApiTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    private const int Largest = 256 * 1024;

    [Fact]
    public async Task An_event_is_answered_when_the_broker_has_it_exactly_as_sent()
    {
        const string Sent = """ { "id":"evt_exact", "type":"exception.created", "tenant_id":"bus", "data":{"amount":1000.0,"b":1E3,"ü":"\u00e9"} } """;

        var answer = await api.PostAsync("/v1/events", Sent);

        Assert.Equal((HttpStatusCode.Accepted, """{"id":"evt_exact","status":"accepted"}"""), (answer.Status, answer.Text));
        var message = await TakeAsync("evt_exact");
        Assert.Equal(Sent, Encoding.UTF8.GetString(message.Body));
        Assert.Equal(("exception.created", BrokerNames.EventsExchange), (message.RoutingKey, message.Exchange));
        Assert.Equal((DeliveryModes.Persistent, "application/json"), (message.Properties.DeliveryMode, message.Properties.ContentType));
    }

    [Fact]
    public async Task A_tenants_token_puts_its_tenant_into_the_event()
    {
        var token = await api.TokenAsync("implied", "events:publish");

        await api.PostAsync("/v1/events", """{"data":{"amount":1000.0},"type":"exception.created","id":"evt_implied"}""", token);

        using var published = JsonDocument.Parse((await TakeAsync("evt_implied")).Body);
        Assert.Equal("implied", published.RootElement.GetProperty("tenant_id").GetString());
        Assert.Equal("""{"amount":1000.0}""", published.RootElement.GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task The_callers_trace_goes_on()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/events", UriKind.Relative))
        {
            Content = new StringContent("""{"id":"evt_traced","type":"a","tenant_id":"bus","data":{}}""", Encoding.UTF8, "application/json"),
            Headers = { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
        };

        await api.SendAsync(request, ManagementApi.AdminToken);

        var traceparent = Encoding.UTF8.GetString((byte[])(await TakeAsync("evt_traced")).Properties.Headers!["traceparent"]!);
        Assert.Matches("^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$", traceparent);
    }

    [Fact]
    public async Task The_same_event_again_is_accepted_again()
    {
        const string Body = """{"id":"evt_again","type":"a","tenant_id":"bus","data":{}}""";

        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", Body)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", Body)).Status);
        await TakeAsync("evt_again");
        await TakeAsync("evt_again");
    }

    [Theory]
    [InlineData("""{"type":"a","tenant_id":"t","data":{}}""", "/id required")]
    [InlineData("""{"id":"e","type":"a","data":{}}""", "/tenant_id required")]
    [InlineData("""{"id":"e e","type":"A","tenant_id":"t","data":[],"timestamp":"yesterday"}""", "/id invalid_format", "/type invalid_format", "/data invalid_type", "/timestamp invalid_format")]
    [InlineData("""{"id":"e","type":"webhook.test","tenant_id":"t","data":{}}""", "/type reserved")]
    [InlineData("""[]""", " invalid_type")]
    public async Task A_faulty_event_is_refused_with_every_fault(string body, params string[] errors) =>
        (await api.PostAsync("/v1/events", body)).IsProblem(HttpStatusCode.BadRequest, "validation_failed", errors);

    [Fact]
    public async Task The_largest_event_is_taken_and_a_byte_more_is_too_large()
    {
        const string Start = """{"id":"evt_large","type":"a","tenant_id":"bus","data":{"text":" """;
        const string End = "\"}}";
        var largest = Start + new string('x', Largest - Start.Length - End.Length) + End;

        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", largest)).Status);
        Assert.Equal(Largest, (await TakeAsync("evt_large")).Body.Length);
        (await api.PostAsync("/v1/events", largest + " ")).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_large");
    }

    [Fact]
    public async Task An_event_is_shown_as_it_came_with_what_became_of_it()
    {
        var (first, second) = (await api.SubscribeAsync("show"), await api.SubscribeAsync("show"));
        var accepted = await Accepted.EventAsync(api, "show", "exception.created", [first.Id, second.Id], data: """{"amount":1000.0,"b":1E3,"ü":"é"}""");

        var shown = await api.GetAsync($"/v1/events/{accepted.EventId}");

        Assert.Equal(HttpStatusCode.OK, shown.Status);
        Assert.Equal(
            ["id", "type", "timestamp", "version", "tenant_id", "context_id", "data", "metadata", "created_at", "deliveries"],
            shown.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""{"amount":1000.0,"b":1E3,"ü":"é"}""", shown.Json.GetProperty("data").GetRawText());
        Assert.Equal(("2024-01-20T10:30:00.5+01:00", accepted.CreatedAt), (shown.Member("timestamp"), shown.Json.GetProperty("created_at").GetDateTimeOffset()));
        Assert.Equal(
            $$"""[{"id":"{{accepted.Deliveries[0]}}","status":"pending"},{"id":"{{accepted.Deliveries[1]}}","status":"pending"}]""",
            shown.Json.GetProperty("deliveries").GetRawText());
    }

    [Fact]
    public async Task An_id_that_two_tenants_used_in_the_same_microsecond_is_told_apart_by_the_tenant()
    {
        var moment = DateTimeOffset.FromUnixTimeSeconds(api.Time.GetUtcNow().ToUnixTimeSeconds());
        var one = await Accepted.EventAsync(api, "twin_one", "a", [(await api.SubscribeAsync("twin_one")).Id], moment, "evt_twin", """{"of":"one"}""");
        var two = await Accepted.EventAsync(api, "twin_two", "a", [(await api.SubscribeAsync("twin_two")).Id], moment, "evt_twin", """{"of":"two"}""");

        foreach (var (tenant, made, of) in new[] { ("twin_one", one, "one"), ("twin_two", two, "two") })
        {
            var shown = await api.GetAsync("/v1/events/evt_twin", await api.TokenAsync(tenant));
            Assert.Equal((tenant, of), (shown.Member("tenant_id"), shown.Json.GetProperty("data").GetProperty("of").GetString()));
            Assert.Equal(made.Deliveries, shown.Json.GetProperty("deliveries").EnumerateArray().Select(delivery => delivery.GetProperty("id").GetString()));
        }
    }

    [Fact]
    public async Task An_id_that_two_tenants_use_is_told_apart_by_the_tenant()
    {
        await Accepted.EventAsync(api, "left", "a", subscriptions: null, eventId: "evt_twice");
        await Accepted.EventAsync(api, "right", "a", subscriptions: null, eventId: "evt_twice");

        Assert.Equal("right", (await api.GetAsync("/v1/events/evt_twice")).Member("tenant_id"));
        Assert.Equal("left", (await api.GetAsync("/v1/events/evt_twice?tenant_id=left")).Member("tenant_id"));
        Assert.Equal("left", (await api.GetAsync("/v1/events/evt_twice", await api.TokenAsync("left"))).Member("tenant_id"));
    }

    [Theory]
    [InlineData("evt_unknown")]
    [InlineData("a%20b")]
    [InlineData("%ff")]
    public async Task An_unknown_event_is_not_found(string id) =>
        (await api.GetAsync($"/v1/events/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task Without_a_broker_the_answer_is_503_soon()
    {
        var alone = await api.StartHostAsync(("ConnectionStrings:RabbitMq", "amqp://nobody:nothing@127.0.0.1:1/"));

        var refused = await api.SendSoonAsync(HttpMethod.Post, "/v1/events", """{"id":"e","type":"a","tenant_id":"t","data":{}}""", ManagementApi.AdminToken, alone);

        refused.IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Without_a_broker_a_schedule_that_needs_queues_is_503_and_any_other_change_is_made()
    {
        var alone = await api.StartHostAsync(("ConnectionStrings:RabbitMq", "amqp://nobody:nothing@127.0.0.1:1/"));
        var made = await api.SubscribeAsync("alone");
        var path = $"/v1/subscriptions/{made.Id}";

        (await api.SendAsync(HttpMethod.Patch, path, new { description = "x", retry = new { max_attempts = 2 } }, ManagementApi.AdminToken, via: alone)).IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable");

        Assert.Equal(made.ETag, (await api.GetAsync(path)).ETag);
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Patch, path, new { description = "x" }, ManagementApi.AdminToken, via: alone)).Status);
    }

    [Fact]
    public async Task The_queues_of_a_custom_schedule_are_there_with_the_answer()
    {
        var made = await api.SubscribeAsync("queues");

        var changed = await api.PatchAsync($"/v1/subscriptions/{made.Id}", """{"retry":{"max_attempts":4,"initial_delay_seconds":7.77,"backoff_multiplier":10}}""");

        Assert.Equal(HttpStatusCode.OK, changed.Status);

        await using var peer = await AmqpPeer.ConnectAsync(api.RabbitMq);
        foreach (var milliseconds in new[] { 7_800, 78_000, 780_000 })
        {
            await peer.Channel.QueueDeclarePassiveAsync(BrokerNames.Delay(milliseconds));
        }
    }

    /// <summary>What was published of an event; whatever lies before it is another test's.</summary>
    private async Task<ConsumedMessage> TakeAsync(string eventId)
    {
        await using var peer = await AmqpPeer.ConnectAsync(api.RabbitMq);
        return await peer.ConsumeAsync(
            BrokerNames.PublisherQueue, message => JsonElement.Parse(message.Body).GetProperty("id").GetString() == eventId);
    }
}
