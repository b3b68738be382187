using System.Net;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Webhooks.Contracts;
using Webhooks.Management.Tests.OpenApi;
using Webhooks.Sources;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Sources;

/// <summary>What real systems sent (see <c>payloads/README.md</c>), through the service, to the bus or to a notice.</summary>
public sealed class CapturedWebhooksTests(World world) : IClassFixture<World>
{
    private const string Form = "application/x-www-form-urlencoded";

    // Computed with Python's hmac; Stripe's and Slack's with the times at which the events were made.
    private const string JiraUpdated = "X-Hub-Signature: sha256=ff2d47a94f6513080c98bbad3c59b374af1064b93fd70d4dd0723b418d2a8c5b";
    private const string JiraCommented = "X-Hub-Signature: sha256=8b654459104b40852e2b40d1724cfc5fbd72a74a036b6d36e592ca0e1282f11b";
    private const string GitHubClosed = "X-Hub-Signature-256: sha256=434eb78a12bdc31ce2a342c986393ad658a1ad8a72d7f61aa9828d5a737bed0c";
    private const string GitHubAssigned = "X-Hub-Signature-256: sha256=1db95a7d9ae8b2b91b9c7b9fef8bafa0f550e64f651c989d8108e35ec46c9f5a";
    private const string GitHubPing = "X-Hub-Signature-256: sha256=b279b311f5cd36489c8ae0da086d790c854c4a39487d04f039bb80216e4c29e0";
    private const string StripeClosed = "Stripe-Signature: t=1779783750,v1=13a6a3dd3a55188d81d2178b1abaaae273a6c6f3fd9b11b50a4b2c302c355b0f,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39";
    private const string SlackMessage = "X-Slack-Signature: v0=12c84a266122f14d1ef1f4bb4abccef3f74a00835f20174102e7c4e8fb8ded67";
    private const string SlackOutgoing = "X-Slack-Signature: v0=31a45ee2303a670f4a1dc20101c96928d571767e6f974831abfe285b5e1f08b4";
    private const string SlackQuestion = "X-Slack-Signature: v0=6b4285ad6b87bd4322d33526051c1069ca08085475caf8a1fbc91a78eb6dcbb2";
    private const string SlackSentAt = "X-Slack-Request-Timestamp: 1719209507";

    [Theory]
    [InlineData(
        "jira", "jira-issue-updated.json", JiraUpdated, "TEST-1", "PENDING_RESOLUTION", null, null, null, "2017-01-30T17:32:14.716Z", "jira:issue_updated")]
    [InlineData(
        "jira", "jira-comment-created.json", JiraCommented, "ZUL-1", "OPEN", "Leaving a comment here! :)", null, null, "2019-01-07T20:25:51.184Z", "comment_created")]
    [InlineData(
        "github", "github-issue-closed.json", GitHubClosed, "https://github.com/Pritesh-30/test-repo/issues/8", "RESOLVED", null, null, null, "2026-01-31T08:11:37Z", "closed")]
    [InlineData(
        "github", "github-issue-assigned.json", GitHubAssigned, "https://github.com/Codertocat/Hello-World/issues/1", "OPEN", null, "Codertocat", null, "2019-05-15T15:20:18Z", "assigned")]
    [InlineData(
        "stripe", "stripe-dispute-closed.json", StripeClosed, "du_1TbG46JEe0yY0QKr8P0G3pa3", "RESOLVED", null, null, "2026-06-03T23:59:59Z", "2026-05-26T08:22:29Z", "charge.dispute.closed")]
    public async Task A_captured_webhook_is_a_command_on_the_bus(
        string kind, string file, string signature, string issue, string status, string? notes, string? assignee, string? dueAt, string updatedAt, string type)
    {
        // Stripe's dispute names no exception, and was signed at another time.
        var source = await CreateAsync(kind, settings => kind == "stripe" ? settings with { ExceptionId = new(PlaceKind.Path), ToleranceSeconds = null } : settings);
        var exceptionId = Path.GetFileNameWithoutExtension(file);

        (await SendAsync($"{source}/{exceptionId}", Payload(file), signature, $"X-Atlassian-Webhook-Identifier: {file}", $"X-GitHub-Delivery: {file}")).Is("accepted");

        var command = await TheCommandOfAsync(exceptionId);
        Assert.Equal((kind.ToUpperInvariant(), issue, status), (Text(command, "external_system"), Text(command, "external_issue_id"), Text(command, "status")));
        Assert.Equal((notes, assignee), (Text(command, "resolution_notes"), Text(command, "assignee")));
        Assert.Equal((dueAt, updatedAt, type), (Text(command, "due_at"), Text(command, "updated_at"), Text(command, "callback_type")));
        Assert.Equal(kind == "stripe" ? "evt_1TbGFuJEe0yY0QKrzGIDyOUL" : file, Text(command, "idempotency_key"));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Payload(file)), command.GetProperty("payload")));
    }

    [Theory]
    [InlineData("jira", "jira-issue-updated.json", JiraUpdated, null, "exception_id_missing")]
    [InlineData("github", "github-ping.json", GitHubPing, "/exc_ping", "validation_failed")]
    [InlineData("stripe", "stripe-dispute-closed.json", StripeClosed, null, "exception_id_missing")]
    [InlineData("slack", "slack-message.json", SlackMessage, "/exc_message", "validation_failed")]
    public async Task A_captured_webhook_that_is_no_command_is_told_of_whole(string kind, string file, string signature, string? exception, string reason)
    {
        var source = await CreateAsync(kind, settings => settings with { ToleranceSeconds = null });

        (await SendAsync(source + exception, Payload(file), signature, SlackSentAt)).Is("received");

        var told = await TheNoticeOfAsync(source);
        Assert.Equal((kind, reason), (told.Kind, told.Reason));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Payload(file)), told.Payload!.Value));
    }

    [Theory]
    [InlineData("github-issue-assigned.json", "accepted")]
    [InlineData("github-ping.json", "received")]
    public async Task GitHub_sends_the_same_as_a_form(string file, string expected)
    {
        var source = await CreateAsync("github");
        var form = $"payload={WebUtility.UrlEncode(Encoding.UTF8.GetString(Payload(file)))}";
        var exceptionId = $"form-{Path.GetFileNameWithoutExtension(file)}";

        (await SendFormAsync($"{source}/{exceptionId}", form, $"X-Hub-Signature-256: {SourceWorld.Sign(form)}")).Is(expected);

        var payload = expected == "accepted" ? (await TheCommandOfAsync(exceptionId)).GetProperty("payload") : (await TheNoticeOfAsync(source)).Payload!.Value;
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Payload(file)), payload));
        Assert.Equal(401, (await SendFormAsync($"{source}/{exceptionId}", form + "&a=1", $"X-Hub-Signature-256: {SourceWorld.Sign(form)}")).Status);
    }

    [Fact]
    public async Task Slack_is_answered_as_it_wants_to_be()
    {
        var source = await CreateAsync("slack", settings => settings with { ToleranceSeconds = null });

        var asked = await SendAsync(source, Payload("slack-url-verification.json"), SlackQuestion, SlackSentAt);
        Assert.Equal((200, """{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"""), (asked.Status, asked.Text));

        // To whoever types a command an answer's body would be shown.
        var typed = await SendFormAsync($"{source}/exc_command", SignedWebhooks.SlackDocumented, $"X-Slack-Signature: {SignedWebhooks.SlackDocumentedSignature}", "X-Slack-Request-Timestamp: 1531420618");
        Assert.Equal((200, "", "false"), (typed.Status, typed.Text, typed.Replayed));
        var again = await SendFormAsync($"{source}/exc_command", SignedWebhooks.SlackDocumented, $"X-Slack-Signature: {SignedWebhooks.SlackDocumentedSignature}", "X-Slack-Request-Timestamp: 1531420618");
        Assert.Equal((200, "", "true"), (again.Status, again.Text, again.Replayed));

        // A look at the certificate is nothing to be told of.
        var probed = await SendFormAsync(source, "token=xyzz0WbapA4vBCDEFasx0q6G&ssl_check=1", "X-Slack-Signature: v0=ce9583f76f26e9084897dd6bda499872a1ab6a36615f34fb0cd4db1cd3fc3b5b", SlackSentAt);
        Assert.Equal((200, ""), (probed.Status, probed.Text));

        var told = await TheNoticeOfAsync(source);
        Assert.Equal("validation_failed", told.Reason);
        Assert.Contains("/status", told.Detail, StringComparison.Ordinal);
        Assert.Equal("/webhook-collect", Text(told.Payload!.Value, "command"));
    }

    [Fact]
    public async Task A_form_of_Slack_fills_a_commands_fields()
    {
        var source = await CreateAsync("slack", settings => settings with
        {
            ToleranceSeconds = null,
            Fields = new Dictionary<string, FieldMapping>(settings.Fields)
            {
                ["external_issue_id"] = new() { Pointers = ["/channel_id", "/container/message_ts"] },
                ["status"] = new() { Pointers = ["/actions/0/value"], Values = new Dictionary<string, string> { ["settle"] = "RESOLVED" }, Otherwise = "OPEN" },
            },
        });

        Assert.Equal(200, (await SendFormAsync($"{source}/exc_outgoing", Encoding.UTF8.GetString(Payload("slack-outgoing-webhook.txt")), SlackOutgoing, SlackSentAt)).Status);
        var said = await TheCommandOfAsync("exc_outgoing");
        Assert.Equal(("C3W8CTZFZ", "OPEN", "test", "slack_user"), (Text(said, "external_issue_id"), Text(said, "status"), Text(said, "resolution_notes"), Text(said, "assignee")));
        Assert.Equal("2017-02-01T11:07:43.00001Z", Text(said, "updated_at"));

        // After Slack's reference of block_actions.
        const string Click =
            """{"type":"block_actions","user":{"id":"U2CERLKJA","username":"roadrunner","name":"roadrunner"},"container":{"type":"message","message_ts":"1548261231.000200","channel_id":"CBR2V3XEX"},"trigger_id":"12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3","actions":[{"action_id":"WaXA","block_id":"=qXel","text":{"type":"plain_text","text":"Settle"},"value":"settle","type":"button","action_ts":"1548426417.840180"}]}""";
        var form = $"payload={WebUtility.UrlEncode(Click)}";
        var signed = SourceWorld.Sign($"v0:1719209507:{form}", SignedWebhooks.SlackSecret)["sha256=".Length..];
        Assert.Equal((200, ""), await SendFormAsync($"{source}/exc_click", form, $"X-Slack-Signature: v0={signed}", SlackSentAt) is { } answer ? (answer.Status, answer.Text) : default);
        var clicked = await TheCommandOfAsync("exc_click");
        Assert.Equal(("1548261231.000200", "RESOLVED", "roadrunner", "block_actions"), (Text(clicked, "external_issue_id"), Text(clicked, "status"), Text(clicked, "assignee"), Text(clicked, "callback_type")));
        Assert.Equal("2019-01-25T14:26:57.84018Z", Text(clicked, "updated_at"));
    }

    /// <summary>Kind, secret, body, headers: as their documents print them.</summary>
    public static TheoryData<string, string, string, string[]> Documented => new()
    {
        { "github", SignedWebhooks.DocumentedSecret, "Hello, World!", ["X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"] },
        { "jira", SignedWebhooks.DocumentedSecret, "Hello World!", ["X-Hub-Signature: sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"] },
        {
            "standard_webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", """{"test": 2432232314}""",
            ["webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330", "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]
        },
        {
            "standard_webhooks", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", """{"email":"test@example.com","username":"test_user"}""",
            ["webhook-id: msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", "webhook-timestamp: 1649367553", "webhook-signature: v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="]
        },
    };

    [Theory]
    [MemberData(nameof(Documented))]
    public async Task A_documented_signature_is_taken_by_the_service_and_a_changed_byte_is_not(string kind, string secret, string body, string[] headers)
    {
        var source = await world.CreateSourceAsync(kind, settings => settings with { ToleranceSeconds = null }, secret);

        (await SendAsync(source, SignedWebhooks.Bytes(body), headers)).Is("received");
        (await SendAsync(source, SignedWebhooks.Bytes(body + " "), headers)).IsProblem(401, "unauthenticated");
        if (kind == "standard_webhooks")
        {
            // Years ago: authentic, and too late.
            var strict = await world.CreateSourceAsync(kind, secret: secret);
            (await SendAsync(strict, SignedWebhooks.Bytes(body), headers)).IsProblem(401, "unauthenticated");
        }
    }

    private Task<string> CreateAsync(string kind, Func<SourceSettings, SourceSettings>? with = null) => world.CreateSourceAsync(
        kind, with, kind switch { "stripe" => SignedWebhooks.StripeSecret, "slack" => SignedWebhooks.SlackSecret, _ => SourceWorld.Secret });

    private Task<Answer> SendAsync(string path, byte[] body, params IEnumerable<string> headers) => world.Ingest.SendAsync(body, Pairs(headers), token: null, $"/v1/sources/{path}");

    private Task<Answer> SendFormAsync(string path, string form, params IEnumerable<string> headers) =>
        world.Ingest.SendAsync(SignedWebhooks.Bytes(form), Pairs(headers), token: null, $"/v1/sources/{path}", Form);

    private static IEnumerable<(string Name, string Value)> Pairs(IEnumerable<string> headers) => headers.Select(header => header.Split(": ", 2)).Select(parts => (parts[0], parts[1]));

    private static byte[] Payload(string file) => File.ReadAllBytes(RepositoryFile.Find($"tests/CallbackIngest/Sources/payloads/{file}"));

    /// <summary>The one in the queue of the domain service: an accepted one is there when the answer is.</summary>
    private async Task<JsonElement> TheCommandOfAsync(string exceptionId) =>
        Assert.Single((await world.CommandsAsync()).Select(message => JsonElement.Parse(message.Body.Span)), command => Text(command, "exception_id") == exceptionId);

    private async Task<ReceivedInbound> TheNoticeOfAsync(string source) => JsonSerializer.Deserialize<ReceivedInbound>(Assert.Single(await world.Database.ColumnAsync<string>(
        "SELECT convert_from(data, 'UTF8') FROM notices WHERE type = 'inbound.received' AND convert_from(data, 'UTF8') LIKE '%' || $1 || '%'", source)))!;

    private static string? Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.GetString() : null;
}
