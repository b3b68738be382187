using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Scenarios.Tests.Notices;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Sources;

public sealed class When_Jira_sends_a_webhook(SharedSystem system)
{
    // Both signatures were computed by another implementation, with Atlassian's documented secret.
    private const string Secret = "It's a Secret to Everybody";

    private const string Done =
        """{"timestamp":1768473000000,"webhookEvent":"jira:issue_updated","issue_event_type_name":"issue_generic","issue":{"id":"10002","key":"RECON-1234","fields":{"status":{"name":"Done","id":"10001","statusCategory":{"id":3,"key":"done","name":"Done"}},"resolution":{"name":"Done"},"assignee":{"accountId":"557058:c9eb","displayName":"John Doe","emailAddress":"john.doe@company.com"},"labels":[],"updated":"2026-01-15T10:30:00.000+0000","duedate":null}}}""";

    private const string DoneSignature = "sha256=af6a6a16dbf4ec440a475e18dc028f90cec5149d81374aff3875a52e1fea6ed5";

    private const string Unrelated = "Hello World!";
    private const string UnrelatedSignature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly string _tenantId = Tenant.New();

    [Fact]
    public async Task Should_become_one_command_and_be_told_of_when_it_is_none()
    {
        await using var neighbour = await Neighbour.ListenAsync(system.Running.Endpoints.Amqp);
        await using var watching = await TestReceiver.StartAsync();
        await system.Management.SubscribeAsync(new SubscriptionRequest { TenantId = _tenantId, Url = watching.Url, EventTypes = ["webhook.inbound_received"] });
        var path = await system.Management.CreateSourceAsync(_tenantId, "jira", Secret);

        await Eventually.TrueAsync(async () => await StatusAsync(path + "/exc_001", Done, DoneSignature, "first") == 200, Limit, "the source to be known");
        Assert.Equal(200, await StatusAsync(path + "/exc_001", Done, DoneSignature, "first"));
        Assert.Equal(401, await StatusAsync(path + "/exc_001", Done + " ", DoneSignature, "second"));
        Assert.Equal(200, await StatusAsync(path, Unrelated, UnrelatedSignature, "third"));

        var command = Assert.Single(await WaitingCommands.OfAsync(system.Running.Endpoints.Amqp, _tenantId, 1));
        Assert.Equal(("exc_001", "JIRA", "RECON-1234", "RESOLVED"), (Text(command, "exception_id"), Text(command, "external_system"), Text(command, "external_issue_id"), Text(command, "status")));

        var told = Assert.Single(await neighbour.WaitForAsync(_tenantId, 1));
        Assert.Equal((NotificationTypes.InboundReceived, "not_json"), (told.Type, Text(told.Data, "reason")));
        using var body = JsonDocument.Parse(Assert.Single(await watching.WaitForAsync(1)).Body);
        Assert.Equal(told.Data.GetRawText(), body.RootElement.GetProperty("data").GetRawText());

        var callbacks = await system.Management.GetJsonAsync($"v1/callbacks?tenant_id={_tenantId}");
        Assert.Equal("first", Text(Assert.Single(callbacks.GetProperty("items").EnumerateArray()), "idempotency_key"));
    }

    /// <summary>As a sender does that is told to come again: a busy machine may have no time for one.</summary>
    private async Task<int> StatusAsync(string path, string body, string signature, string identifier)
    {
        var status = 0;
        await Eventually.TrueAsync(async () => (status = await SendAsync(path, body, signature, identifier)) != 503, Limit, "an answer other than 503");
        return status;
    }

    private async Task<int> SendAsync(string path, string body, string signature, string identifier)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Running.Endpoints.Callbacks + path)) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Headers.Add("X-Hub-Signature", signature);
        request.Headers.Add("X-Atlassian-Webhook-Identifier", identifier);
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }

    private static string? Text(JsonElement json, string member) => json.GetProperty(member).GetString();
}
