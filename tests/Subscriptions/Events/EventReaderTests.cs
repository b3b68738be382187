using System.Text;
using System.Text.Json.Nodes;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Tests;

public sealed class EventReaderTests
{
    private const string Smallest = """{"id":"evt_1","type":"exception.created","tenant_id":"tenant_001","data":{}}""";

    [Fact]
    public void The_smallest_event_takes_the_defaults()
    {
        var accepted = Accepted(Smallest);

        Assert.Equal(("evt_1", "exception.created", "tenant_001", "1.0"), (accepted.Id, accepted.Type, accepted.TenantId, accepted.Version));
        Assert.Equal("{}", Text(accepted.Data));
        Assert.Null(accepted.Timestamp);
        Assert.Null(accepted.ContextId);
        Assert.Null(accepted.Metadata);
        Assert.Null(accepted.CorrelationId);
    }

    [Fact]
    public void Every_member_is_read()
    {
        var accepted = Accepted("""
            { "id": "evt_exc_001", "type": "exception.created", "timestamp": "2024-01-20T10:30:00+00:00", "version": "2",
              "tenant_id": "tenant_001", "context_id": "ctx_abc123", "data": { "amount": 1000.0, "b": [ 1E3, -0 ] },
              "metadata": { "correlation_id": "req_xyz789", "source": "matching_engine" } }
            """);

        Assert.Equal("2024-01-20T10:30:00+00:00", accepted.Timestamp);
        Assert.Equal(("2", "ctx_abc123", "req_xyz789"), (accepted.Version, accepted.ContextId, accepted.CorrelationId));
        Assert.Equal("""{"amount":1000.0,"b":[1E3,-0]}""", Text(accepted.Data));
        Assert.Equal("""{"correlation_id":"req_xyz789","source":"matching_engine"}""", Text(accepted.Metadata!.Value));
    }

    [Fact]
    public void Null_is_like_absent_where_a_member_is_optional()
    {
        var accepted = Accepted(With(("timestamp", "null"), ("version", "null"), ("context_id", "null"), ("metadata", "null")));

        Assert.Equal(Accepted(Smallest) with { Data = accepted.Data }, accepted);
    }

    [Fact]
    public void Other_members_are_ignored_however_odd_they_are()
    {
        var deep = new string('[', 5_000) + new string(']', 5_000);

        Assert.Equal("evt_1", Accepted(With(("Id", "7"), ("ID", "8"), ("extra", deep), ("extra", "1"))).Id);
    }

    [Fact]
    public void A_name_is_what_it_stands_for() =>
        Assert.Equal("evt_1", Accepted(Smallest.Replace("\"id\"", "\"\\u0069d\"", StringComparison.Ordinal)).Id);

    [Fact]
    public void A_reserved_type_is_taken_where_the_system_reads_its_own()
    {
        var body = Encoding.UTF8.GetBytes(With(("type", "\"webhook.test\"")));

        Assert.IsType<EventReading.Refused>(EventReader.Read(body));
        Assert.Equal("webhook.test", Assert.IsType<EventReading.Accepted>(EventReader.Read(body, reserved: true)).Event.Type);
    }

    [Theory]
    [InlineData("id", "\"\"", "invalid_format")]
    [InlineData("id", "\"evt 1\"", "invalid_format")]
    [InlineData("id", "\"évt\"", "invalid_format")]
    [InlineData("id", "\"evt/1\"", "invalid_format")]
    [InlineData("id", "\"evt_1\\u0000\"", "invalid_format")]
    [InlineData("id", "7", "invalid_type")]
    [InlineData("id", "null", "required")]
    [InlineData("type", "\"\"", "invalid_format")]
    [InlineData("type", "\"Exception.created\"", "invalid_format")]
    [InlineData("type", "\"exception..created\"", "invalid_format")]
    [InlineData("type", "\".created\"", "invalid_format")]
    [InlineData("type", "\"exception.\"", "invalid_format")]
    [InlineData("type", "\"exception-created\"", "invalid_format")]
    [InlineData("type", "\"exception.*\"", "invalid_format")]
    [InlineData("type", "\"webhook.test\"", "reserved")]
    [InlineData("type", "[\"exception.created\"]", "invalid_type")]
    [InlineData("type", "null", "required")]
    [InlineData("tenant_id", "\"\"", "invalid_format")]
    [InlineData("tenant_id", "\"tenant.1\"", "invalid_format")]
    [InlineData("tenant_id", "\"tenant:1\"", "invalid_format")]
    [InlineData("tenant_id", "null", "required")]
    [InlineData("tenant_id", "{}", "invalid_type")]
    [InlineData("data", "null", "required")]
    [InlineData("data", "[]", "invalid_type")]
    [InlineData("data", "\"{}\"", "invalid_type")]
    [InlineData("data", "1", "invalid_type")]
    [InlineData("timestamp", "\"yesterday\"", "invalid_format")]
    [InlineData("timestamp", "\"2024-01-20T10:30:00\"", "invalid_format")]
    [InlineData("timestamp", "\"2024-02-30T10:30:00Z\"", "invalid_format")]
    [InlineData("timestamp", "1705746600", "invalid_type")]
    [InlineData("version", "1.0", "invalid_type")]
    [InlineData("version", "\"1\\u0000\"", "invalid_format")]
    [InlineData("version", "\"\\ud800\"", "invalid_format")]
    [InlineData("context_id", "\"a\\u0000b\"", "invalid_format")]
    [InlineData("context_id", "\"\\udc00\\ud800\"", "invalid_format")]
    [InlineData("context_id", "false", "invalid_type")]
    [InlineData("metadata", "[]", "invalid_type")]
    [InlineData("metadata", "\"source\"", "invalid_type")]
    public void A_member_of_another_form_is_refused(string member, string json, string code)
    {
        var fault = Assert.Single(Refused(With((member, json))).Faults);

        Assert.Equal(($"/{member}", code), (fault.Pointer, fault.Code));
    }

    [Theory]
    [InlineData("id", 128)]
    [InlineData("type", 128)]
    [InlineData("tenant_id", 64)]
    public void A_name_may_be_so_long_and_no_longer(string member, int longest)
    {
        Accepted(With((member, $"\"{new string('a', longest)}\"")));

        Assert.Equal("invalid_format", Assert.Single(Refused(With((member, $"\"{new string('a', longest + 1)}\""))).Faults).Code);
    }

    [Theory]
    [InlineData("id", "A-Za-z0-9_.:-")]
    [InlineData("type", "webhook")]
    [InlineData("type", "webhooks.created")]
    [InlineData("type", "0_9.a.b.c")]
    [InlineData("tenant_id", "Tenant-001_x")]
    public void All_that_a_name_may_contain_is_accepted(string member, string text) => Accepted(With((member, $"\"{text}\"")));

    [Theory]
    [InlineData("data")]
    [InlineData("metadata")]
    public void Objects_may_be_nested_64_deep_and_no_deeper(string member)
    {
        Accepted(With((member, Nested(64))));

        Assert.Equal(("/" + member, "too_deep"), Faults(With((member, Nested(65)))).Single());
        Assert.Equal(("/" + member, "too_deep"), Faults(With((member, Nested(50_000)))).Single());
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var refused = Refused("""{"id":"","type":7,"timestamp":"now","data":[],"metadata":1,"version":2,"context_id":3}""");

        Assert.Equal(
            ["/context_id", "/data", "/id", "/metadata", "/tenant_id", "/timestamp", "/type", "/version"],
            refused.Faults.Select(fault => fault.Pointer).Order(StringComparer.Ordinal));
        Assert.Equal(RefusalReason.InvalidEvent, refused.Reason);
        Assert.All(refused.Faults, fault => Assert.Contains($"{fault.Pointer} {fault.Claim}", refused.Detail, StringComparison.Ordinal));
        Assert.All(refused.Faults, fault => Assert.Matches("^It .+\\.$", fault.Message));
    }

    [Theory]
    [InlineData("id", "\"evt_1\"")]
    [InlineData("tenant_id", "null")]
    [InlineData("data", "{}")]
    [InlineData("metadata", "null")]
    public void A_known_member_may_not_be_repeated(string member, string json) => Assert.Equal(
        ("/" + member, "duplicate"),
        Faults($$"""{"{{member}}":{{json}},"{{member}}":{{json}},"id":"evt_1","type":"a","tenant_id":"t","data":{ } }""").Single());

    [Fact]
    public void Members_of_data_may_be_repeated() =>
        Assert.Equal("""{"a":1,"a":2}""", Text(Accepted(With(("data", """{ "a": 1, "a": 2 }"""))).Data));

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"correlation_id":7}""", null)]
    [InlineData("""{"correlation_id":null}""", null)]
    [InlineData("""{"correlation_id":"a\u0000b"}""", null)] // could not be kept as text
    [InlineData("""{"correlation_id":"\ud800"}""", null)]
    [InlineData("""{"inner":{"correlation_id":"x"}}""", null)]
    [InlineData("""{"correlation_id":"\u00e9"}""", "é")]
    [InlineData("""{"correlation_id":"first","correlation_id":"last"}""", "last")]
    public void The_correlation_id_is_taken_from_metadata_when_it_is_text(string metadata, string? expected) =>
        Assert.Equal(expected, Accepted(With(("metadata", metadata))).CorrelationId);

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void A_correlation_id_that_is_too_long_to_search_for_is_not_taken(int length, bool isTaken) =>
        Assert.Equal(isTaken, Accepted(With(("metadata", $$"""{"correlation_id":"{{new string('x', length)}}" }"""))).CorrelationId is not null);

    [Fact]
    public void A_supplied_tenant_stands_in_for_an_absent_one()
    {
        Assert.Equal("mine", Accepted(With(("tenant_id", null)), tenantId: "mine").TenantId);
        Assert.Equal("mine", Accepted(With(("tenant_id", "null")), tenantId: "mine").TenantId);
    }

    [Fact]
    public void The_bodys_own_tenant_is_told_even_if_another_was_supplied() =>
        Assert.Equal("tenant_001", Accepted(Smallest, tenantId: "mine").TenantId);

    [Fact]
    public void A_malformed_tenant_is_refused_although_one_was_supplied() =>
        Assert.Equal(("/tenant_id", "invalid_format"), Assert.Single(Faults(With(("tenant_id", "\"\"")), tenantId: "mine")));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"id\":\"evt_1\"")]
    [InlineData("{} {}")]
    [InlineData("{}x")]
    [InlineData("{'id':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":\"\u0001\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":1}//")]
    [InlineData("hello")]
    public void What_is_not_JSON_is_refused_as_such(string body)
    {
        var refused = Refused(body);

        Assert.Equal(RefusalReason.NotJson, refused.Reason);
        Assert.Empty(refused.Faults);
        Assert.Matches("^The body is not JSON: .+\\.$", refused.Detail);
    }

    [Fact]
    public void What_is_not_UTF_8_is_not_JSON_wherever_it_stands()
    {
        var bytes = Encoding.Latin1.GetBytes(With(("ignored", "\"é\"")));

        Assert.Equal(RefusalReason.NotJson, Assert.IsType<EventReading.Refused>(EventReader.Read(bytes)).Reason);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData(" [ {} ] ")]
    public void JSON_that_is_no_object_is_no_event(string body) =>
        Assert.Equal(("", "invalid_type"), Assert.Single(Faults(body)));

    [Fact]
    public void An_event_may_have_as_many_bytes_as_allowed_and_no_more()
    {
        var body = With(("data", $$"""{"filler":"{{new string('x', EventReader.DefaultMaxBytes)}}"}"""));
        var excess = body.Length - EventReader.DefaultMaxBytes;
        var longest = body.Replace(new string('x', excess + 1), "x", StringComparison.Ordinal);

        Accepted(longest[..^1] + new string(' ', EventReader.DefaultMaxBytes - longest.Length) + "}");
        var refused = Refused(longest[..^1] + new string(' ', EventReader.DefaultMaxBytes - longest.Length + 1) + "}");
        Assert.Equal(RefusalReason.TooLarge, refused.Reason);
        Assert.Equal("The event has 262145 bytes; at most 262144 are allowed.", refused.Detail);
    }

    [Fact]
    public void The_limit_is_the_callers()
    {
        Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes(Smallest), maxBytes: Smallest.Length));
        Assert.IsType<EventReading.Refused>(EventReader.Read(Encoding.UTF8.GetBytes(Smallest), maxBytes: Smallest.Length - 1));
    }

    [Fact]
    public void Nothing_of_the_body_is_kept()
    {
        var bytes = Encoding.UTF8.GetBytes(With(("data", """{"a":"text"}"""), ("metadata", """{"b":1}""")));
        var accepted = Assert.IsType<EventReading.Accepted>(EventReader.Read(bytes)).Event;
        bytes.AsSpan().Clear();

        Assert.Equal(("""{"a":"text"}""", """{"b":1}"""), (Text(accepted.Data), Text(accepted.Metadata!.Value)));
    }

    [Fact]
    public void An_event_without_a_timestamp_gets_the_moment_of_its_acceptance()
    {
        var moment = new DateTimeOffset(2024, 1, 20, 10, 30, 0, 123, TimeSpan.Zero);

        Assert.Equal("2024-01-20T10:30:00.123Z", Accepted(Smallest).AcceptedAt(moment).Timestamp);
        Assert.Equal("2020-01-01T00:00Z", Accepted(With(("timestamp", "\"2020-01-01T00:00Z\""))).AcceptedAt(moment).Timestamp);
    }

    [Theory]
    [InlineData(RefusalReason.NotJson, "not_json")]
    [InlineData(RefusalReason.InvalidEvent, "invalid_event")]
    [InlineData(RefusalReason.TooLarge, "too_large")]
    public void Reasons_have_names_on_the_wire(RefusalReason reason, string name) => Assert.Equal(name, reason.WireName());

    private static AcceptedEvent Accepted(string body, string? tenantId = null) =>
        Assert.IsType<EventReading.Accepted>(EventReader.Read(Encoding.UTF8.GetBytes(body), tenantId: tenantId)).Event;

    private static EventReading.Refused Refused(string body, string? tenantId = null) =>
        Assert.IsType<EventReading.Refused>(EventReader.Read(Encoding.UTF8.GetBytes(body), tenantId: tenantId));

    private static IEnumerable<(string Pointer, string Code)> Faults(string body, string? tenantId = null) =>
        Refused(body, tenantId).Faults.Select(fault => (fault.Pointer, fault.Code));

    /// <summary>The smallest event with members put in the place of its own, or taken out (null), or added.</summary>
    private static string With(params (string Name, string? Json)[] changes)
    {
        var kept = JsonNode.Parse(Smallest)!.AsObject()
            .Where(member => !changes.Any(change => change.Name == member.Key))
            .Select(member => (Name: member.Key, Json: member.Value?.ToJsonString()));
        return $"{{{string.Join(",", kept.Concat(changes).Where(member => member.Json is not null).Select(member => $"\"{member.Name}\":{member.Json}"))}}}";
    }

    private static string Nested(int depth) =>
        "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + (depth == 1 ? "0" : "") + "}";

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
