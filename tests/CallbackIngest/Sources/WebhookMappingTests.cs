using System.Security.Cryptography;
using System.Text.Json;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;

namespace Webhooks.CallbackIngest.Tests.Sources;

public sealed class WebhookMappingTests
{
    [Theory]
    [InlineData("jira", SignedWebhooks.Jira, "JIRA", "RECON-1234", "RESOLVED", "Done", "john.doe@company.com", "2026-01-15T10:30:00Z", "jira:issue_updated")]
    [InlineData(
        "jira",
        """{"self":"https://x.atlassian.net/rest/api/2/issue/11111","id":11111,"key":"SP-53","changelog":{"histories":null},"fields":{"updated":"2022-02-18T15:20:11.662+0530","status":{"name":"Done","statusCategory":{"key":"done"}},"resolution":{"name":"Fixed"},"assignee":{"displayName":"Ada"}}}""",
        "JIRA", "SP-53", "RESOLVED", "Fixed", "Ada", "2022-02-18T09:50:11.662Z", null)]
    [InlineData("servicenow", SignedWebhooks.ServiceNow, "SERVICENOW", "INC0012345", "RESOLVED", "Refunded", "john.doe", "2026-01-15T10:30:00Z", null)]
    [InlineData("stripe", SignedWebhooks.Stripe, "STRIPE", "du_1", "RESOLVED", null, null, "2024-01-20T13:49:50Z", "charge.dispute.closed")]
    [InlineData(
        "github",
        """{"action":"closed","issue":{"html_url":"https://github.com/o/r/issues/7","number":7,"state":"closed","assignee":{"login":"ada"},"updated_at":"2026-01-15T10:30:00Z"}}""",
        "GITHUB", "https://github.com/o/r/issues/7", "RESOLVED", null, "ada", "2026-01-15T10:30:00Z", "closed")]
    [InlineData(
        "standard_webhooks",
        """{"type":"ticket.assigned","timestamp":"2026-01-15T10:30:00.5+01:00","data":{"id":42,"status":"assigned","assignee":"ada"}}""",
        "STANDARD_WEBHOOKS", "42", "ASSIGNED", null, "ada", "2026-01-15T09:30:00.5Z", "ticket.assigned")]
    public void A_documented_payload_becomes_a_callback(
        string kind, string body, string system, string issue, string status, string? notes, string? assignee, string updatedAt, string? type)
    {
        var callback = new CallbackBodyReader(ExceptionRoute.Route, []).Read(WebhookMapping.CallbackOf(SourceVerifierTests.SettingsOf(kind), Webhook(body)));

        Assert.Equal(system, callback.ExternalSystem);
        Assert.Equal(issue, callback.Texts["externalIssueId"]);
        Assert.Equal(status, callback.Texts["status"]);
        Assert.Equal(notes, callback.Texts.GetValueOrDefault("resolutionNotes"));
        Assert.Equal(assignee, callback.Texts.GetValueOrDefault("assignee"));
        Assert.Equal(updatedAt, callback.Texts["updatedAt"]);
        Assert.Equal(type, callback.Texts.GetValueOrDefault("callbackType"));
        Assert.Equal(body, callback.Payload!.Value.GetRawText());
    }

    [Theory]
    [InlineData("tomorrow")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    public void An_odd_date_or_a_long_comment_does_not_cost_the_change_of_the_status(string date)
    {
        var comment = new string('x', 9_999) + "\U0001F600 and more";
        var body = JsonSerializer.Serialize(new
        {
            webhookEvent = "jira:issue_updated",
            comment = new { body = comment },
            issue = new { key = "RECON-1", fields = new { status = new { statusCategory = new { key = "done" } }, updated = date, duedate = date } },
        });

        var callback = new CallbackBodyReader(ExceptionRoute.Route, []).Read(WebhookMapping.CallbackOf(SourceVerifierTests.SettingsOf("jira"), Webhook(body)));

        Assert.Equal("RESOLVED", callback.Texts["status"]);
        Assert.Equal(new string('x', 9_999), callback.Texts["resolutionNotes"]);
        Assert.False(callback.Texts.ContainsKey("updatedAt"));
    }

    [Fact]
    public void A_long_name_of_who_works_on_it_is_cut_and_does_not_cost_the_change_of_the_status()
    {
        var body = JsonSerializer.Serialize(new
        {
            webhookEvent = "jira:issue_updated",
            issue = new { key = "RECON-1", fields = new { status = new { statusCategory = new { key = "done" } }, assignee = new { displayName = new string('x', 300) } } },
        });

        var callback = new CallbackBodyReader(ExceptionRoute.Route, []).Read(WebhookMapping.CallbackOf(SourceVerifierTests.SettingsOf("jira"), Webhook(body)));

        Assert.Equal(("RESOLVED", new string('x', 256)), (callback.Texts["status"], callback.Texts["assignee"]));
    }

    [Theory]
    [InlineData("new", "OPEN")]
    [InlineData("indeterminate", "PENDING_RESOLUTION")]
    [InlineData("done", "RESOLVED")]
    [InlineData("undefined", null)]
    public void Jiras_status_is_that_of_its_category(string category, string? expected) =>
        Assert.Equal(expected, StatusOf(SourceVerifierTests.SettingsOf("jira"), """{"issue":{"fields":{"status":{"statusCategory":{"key":"CATEGORY"}}}}}""".Replace("CATEGORY", category, StringComparison.Ordinal)));

    [Theory]
    [InlineData("""{"a":null,"b":"x"}""", "X")]
    [InlineData("""{"a":" ","b":true}""", "yes")]
    [InlineData("""{"a":{},"b":7.50}""", "seven")]
    [InlineData("""{"a":"\ud800","b":"y"}""", "other")]
    [InlineData("""{}""", "other")]
    public void A_field_is_the_first_text_found_or_what_it_stands_for_or_something_else(string body, string expected) => Assert.Equal(
        expected,
        StatusOf(
            SourceVerifierTests.SettingsOf("custom") with
            {
                Fields = new Dictionary<string, FieldMapping>
                {
                    ["status"] = new()
                    {
                        Pointers = ["/a", "/b"],
                        Values = new Dictionary<string, string> { ["x"] = "X", ["true"] = "yes", ["7.50"] = "seven" },
                        Otherwise = "other",
                    },
                },
            },
            body));

    [Theory]
    [InlineData("2026-01-15T10:30:00.000+0000", "2026-01-15T10:30:00Z")]
    [InlineData("2026-01-15T10:30:00+0130", "2026-01-15T09:00:00Z")]
    [InlineData("2026-01-15 10:30:00", "2026-01-15T10:30:00Z")]
    [InlineData("2026-01-15", "2026-01-15T00:00:00Z")]
    [InlineData("1536083559131", "2018-09-04T17:52:39.131Z")]
    [InlineData("1705758590", "2024-01-20T13:49:50Z")]
    [InlineData("1719209506.817929", "2024-06-24T06:11:46.817929Z")]
    [InlineData("9999999999.999999", "2286-11-20T17:46:39.999999Z")]
    [InlineData("1719209506.8179", null)]
    [InlineData("17192095060.817929", null)]
    [InlineData("-719209506.817929", null)]
    [InlineData("1719209506.-17929", null)]
    [InlineData(".817929", null)]
    [InlineData("99999999999999999", null)]
    [InlineData("soon", null)]
    public void Senders_spell_times_in_many_ways(string given, string? expected) => Assert.Equal(expected, SenderTime.Normalize(given));

    [Theory]
    [InlineData(nameof(PlaceKind.Path), null, "of the path")]
    [InlineData(nameof(PlaceKind.Query), "exc", "of the query")]
    [InlineData(nameof(PlaceKind.Pointer), "/exc", "of the body")]
    [InlineData(nameof(PlaceKind.Pointer), "/none", null)]
    public void The_exception_is_where_the_source_says(string from, string? name, string? expected) => Assert.Equal(
        expected,
        WebhookMapping.ExceptionIdOf(
            SourceVerifierTests.SettingsOf("jira") with { ExceptionId = new(Enum.Parse<PlaceKind>(from), name) },
            Webhook("""{"exc":"of the body"}""") with { PathId = "of the path", Query = parameter => parameter == "exc" ? "of the query" : null }));

    [Fact]
    public void A_key_is_the_senders_or_a_hash_of_it_or_of_the_content()
    {
        var settings = SourceVerifierTests.SettingsOf("jira");
        string KeyOf(string? identifier, string body = "{}") => WebhookMapping.KeyOf(settings, Webhook(body) with { Headers = _ => identifier });

        Assert.Equal("a-1:2.3_4", KeyOf("a-1:2.3_4"));
        Assert.Matches("^key-sha256:[0-9a-f]{64}$", KeyOf("{a b}"));
        Assert.NotEqual(KeyOf("{a b}"), KeyOf("{a c}"));
        Assert.Matches("^key-sha256:[0-9a-f]{64}$", KeyOf(new string('a', 129)));
        Assert.Matches("^sha256:[0-9a-f]{64}$", KeyOf(null));
        Assert.NotEqual(KeyOf(null), KeyOf(null, "{ }"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("payload=%7B%7D")]
    [InlineData("""{"\ud800":1,"\ud800":2}""")]
    public void What_is_no_object_that_all_read_alike_has_no_body(string body) => Assert.Null(ReceivedWebhook.Parse(SignedWebhooks.Bytes(body)));

    private static string? StatusOf(SourceSettings settings, string body) =>
        JsonElement.Parse(WebhookMapping.CallbackOf(settings, Webhook(body))).TryGetProperty("status", out var status) ? status.GetString() : null;

    private static ReceivedWebhook Webhook(string body) => new()
    {
        Query = _ => null,
        Headers = _ => null,
        Fingerprint = SHA256.HashData(SignedWebhooks.Bytes(body)),
        Body = ReceivedWebhook.Parse(SignedWebhooks.Bytes(body)),
    };
}
