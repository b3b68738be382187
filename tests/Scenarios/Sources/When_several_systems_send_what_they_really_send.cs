using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Scenarios.Tests.Notices;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Sources;

/// <summary>Captured webhooks (see <c>tests/CallbackIngest/Sources/payloads</c>), signed here as their senders sign.</summary>
public sealed class When_several_systems_send_what_they_really_send(SharedSystem system)
{
    private const string Secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly string _tenantId = Tenant.New();

    [Fact]
    public async Task Should_become_commands_or_notifications_on_the_bus()
    {
        await using var neighbour = await Neighbour.ListenAsync(system.Running.Endpoints.Amqp);
        // GitHub's last: who knows that one knows them all.
        var (jira, stripe, slack, standard, github) =
            (await CreateAsync("jira"), await CreateAsync("stripe"), await CreateAsync("slack"), await CreateAsync("standard_webhooks"), await CreateAsync("github"));
        var (now, id) = (DateTimeOffset.UtcNow.ToUnixTimeSeconds(), $"msg_{_tenantId}");

        // GitHub's ping first: it is sent until the source is known everywhere, and is told of once.
        var ping = Payload("github-ping.json");
        await Eventually.TrueAsync(async () => (await SendAsync(github + "/exc_ping", ping, "application/json", $"X-Hub-Signature-256: sha256={Hex(ping)}", "X-GitHub-Delivery: ping")).Status == 200, Limit, "the source to be known");

        var closed = "payload=" + WebUtility.UrlEncode(Payload("github-issue-closed.json"));
        await IsAsync("accepted", github + "/exc_closed", closed, "application/x-www-form-urlencoded", $"X-Hub-Signature-256: sha256={Hex(closed)}", "X-GitHub-Delivery: closed");
        var updated = Payload("jira-issue-updated.json");
        await IsAsync("accepted", jira + "/exc_updated", updated, "application/json", $"X-Hub-Signature: sha256={Hex(updated)}", "X-Atlassian-Webhook-Identifier: updated");
        var dispute = Payload("stripe-dispute-closed.json");
        await IsAsync("received", stripe, dispute, "application/json; charset=utf-8", $"Stripe-Signature: t={now},v1={Hex($"{now}.{dispute}")}");
        var message = Payload("slack-message.json");
        await IsAsync("received", slack + "/exc_message", message, "application/json", $"X-Slack-Request-Timestamp: {now}", $"X-Slack-Signature: v0={Hex($"v0:{now}:{message}")}");
        const string Ticket = """{"type":"ticket.resolved","timestamp":"2026-01-15T10:30:00Z","data":{"exception_id":"exc_standard","id":42,"status":"resolved"}}""";
        await IsAsync(
            "accepted", standard, Ticket, "application/json", $"webhook-id: {id}", $"webhook-timestamp: {now}",
            $"webhook-signature: v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret), Encoding.UTF8.GetBytes($"{id}.{now}.{Ticket}")))}");

        Assert.Equal(
            ["exc_closed GITHUB https://github.com/Pritesh-30/test-repo/issues/8 RESOLVED", "exc_standard STANDARD_WEBHOOKS 42 RESOLVED", "exc_updated JIRA TEST-1 PENDING_RESOLUTION"],
            (await WaitingCommands.OfAsync(system.Running.Endpoints.Amqp, _tenantId, 3)).Select(command => $"{Text(command, "exception_id")} {Text(command, "external_system")} {Text(command, "external_issue_id")} {Text(command, "status")}").Order(StringComparer.Ordinal));
        var told = await neighbour.WaitForAsync(_tenantId, 3);
        Assert.All(told, notification => Assert.Equal(NotificationTypes.InboundReceived, notification.Type));
        Assert.Equal(
            ["github validation_failed", "slack validation_failed", "stripe exception_id_missing"],
            told.Select(notification => $"{Text(notification.Data, "kind")} {Text(notification.Data, "reason")}").Order(StringComparer.Ordinal));
        Assert.True(JsonElement.DeepEquals(
            JsonElement.Parse(dispute), told.Single(notification => Text(notification.Data, "kind") == "stripe").Data.GetProperty("payload")));
    }

    private Task<string> CreateAsync(string kind) => system.Management.CreateSourceAsync(_tenantId, kind, Secret);

    private async Task IsAsync(string expected, string path, string body, string contentType, params string[] headers)
    {
        var answer = (Status: 0, Text: "");
        // As a sender does that is told to come again: a busy machine may have no time for one.
        await Eventually.TrueAsync(async () => (answer = await SendAsync(path, body, contentType, headers)).Status != 503, Limit, "an answer other than 503");
        Assert.Equal((200, $$"""{"status":"{{expected}}"}"""), answer);
    }

    private async Task<(int Status, string Text)> SendAsync(string path, string body, string contentType, params string[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Running.Endpoints.Callbacks + path)) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var parts in headers.Select(header => header.Split(": ", 2)))
        {
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        using var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static string Payload(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "payloads", file));

    private static string Hex(string signed) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(signed)));

    private static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();
}
