using System.Text.Json;
using MassTransit;
using Webhooks.CallbackIngest.Commands;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Commands;

public sealed class CommandTests(World world) : IClassFixture<World>
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task A_plain_client_reads_the_command_as_the_contract_says()
    {
        var body = """
            { "updatedAt": "2024-01-20T10:30:00.123456789+01:00", "dueAt": "2024-02-01t00:00:00z", "status": "assigned", "externalSystem": " servicenow ",
              "externalIssueId": "INC0010023", "assignee": "ada", "resolutionNotes": "café 🧾", "callbackType": "assignment",
              "payload": { "amount": 1000.0, "big": 1E3, "u": "\u0000\ud800", "extra": 1.0 }, "extra": 1.0, "custom": { "x": [ -0 ] } }
            """;

        (await world.Ingest.SendAsync(System.Text.Encoding.UTF8.GetBytes(body), [("Idempotency-Key", "plain:1"), ("traceparent", TraceParent)])).IsAccepted();

        var message = await world.CommandAsync();
        var id = CommandId.Of(World.Tenant, "exceptions", "SERVICENOW", IngestClient.Exception, "plain:1");
        Assert.Equal("exception.apply-callback", message.RoutingKey);
        Assert.Equal("application/json", message.BasicProperties.ContentType);
        Assert.Equal((id.ToString(), null), (message.BasicProperties.MessageId, message.BasicProperties.CorrelationId));
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", message.Header("traceparent"));
        Assert.Equal("urn:message:Webhooks.Contracts:ApplyExceptionCallback", message.Header("MT-MessageType"));
        var text = message.Text();
        var received = JsonElement.Parse(text).GetProperty("received_at").GetString();
        Assert.Equal(
            $$$"""{"command_id":"{{{id}}}","tenant_id":"tenant_001","exception_id":"exc_001","external_system":"SERVICENOW","external_issue_id":"INC0010023","status":"ASSIGNED","resolution_notes":"café 🧾","assignee":"ada","due_at":"2024-02-01T00:00:00Z","updated_at":"2024-01-20T09:30:00.1234567Z","callback_type":"assignment","payload":{"amount":1000.0,"big":1E3,"u":"\u0000\ud800","extra":1.0,"custom":{ "x": [ -0 ] }},"superseded":false,"idempotency_key":"plain:1","received_at":"{{{received}}}"}""",
            text.Replace("\\uD83E\\uDDFE", "🧾", StringComparison.Ordinal));
        Assert.EndsWith("Z", received);
    }

    [Fact]
    public async Task What_is_not_said_is_null()
    {
        await world.Ingest.AcceptAsync("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","assignee":null}""", "plain:2");

        var command = JsonSerializer.Deserialize<ApplyExceptionCallback>((await world.CommandAsync()).Body.Span)!;
        Assert.Equal(
            (null, null, null, null, null, null, false),
            (command.Assignee, command.DueAt, command.UpdatedAt, command.CallbackType, command.ResolutionNotes, command.Payload, command.Superseded));
    }

    [Fact]
    public async Task A_MassTransit_service_reads_commands_and_its_results_are_understood()
    {
        await using var massWorld = await World.EmptyAsync();
        var ingest = await massWorld.StartIngestAsync();
        var seen = new TaskCompletionSource<(ApplyExceptionCallback Command, Guid? MessageId, string? Trace)>();
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(massWorld.RabbitMq));
            rabbit.ReceiveEndpoint(BrokerNames.ExceptionCommandsQueue, endpoint =>
            {
                endpoint.ConfigureConsumeTopology = false;
                endpoint.SetQuorumQueue();
                endpoint.SetQueueArgument("x-delivery-limit", 1000);
                endpoint.UseRawJsonDeserializer(RawSerializerOptions.All, isDefault: true);
                endpoint.Handler<ApplyExceptionCallback>(async context =>
                {
                    seen.TrySetResult((context.Message, context.MessageId, context.Headers.Get<string>("traceparent")));
                    await context.Publish(new CallbackResult { CommandId = context.Message.CommandId, Outcome = CallbackResult.Applied, Reason = "by MassTransit" });
                });
            });
        });
        await bus.StartAsync();
        try
        {
            await ingest.AcceptAsync("""{"externalSystem":"JIRA","externalIssueId":"RECON-1","status":"RESOLVED","updatedAt":"2024-01-20T10:30:00Z","payload":{"a":1.50}}""", "mt:1");

            var (command, messageId, trace) = await seen.Task.WaitAsync(World.Limit);
            Assert.Equal(command.CommandId, messageId);
            Assert.NotNull(trace);
            Assert.Equal(("JIRA", "RESOLVED", "mt:1", new DateTimeOffset(2024, 1, 20, 10, 30, 0, TimeSpan.Zero)), (command.ExternalSystem, command.Status, command.IdempotencyKey, command.UpdatedAt));
            Assert.Equal("""{"a":1.50}""", command.Payload!.Value.GetRawText());
            await massWorld.StatusIsAsync("mt:1", "applied");
            Assert.Equal("by MassTransit", await massWorld.Database.ScalarAsync<string>("SELECT reason FROM callbacks WHERE idempotency_key = 'mt:1'"));
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    [Fact]
    public void A_commands_id_is_a_function_of_what_it_is_about()
    {
        var id = CommandId.Of("tenant_001", "exceptions", "JIRA", "exc_001", "key-1");

        // Never changes: commands out there have such ids.
        Assert.Equal(id, CommandId.Of("tenant_001", "exceptions", "JIRA", "exc_001", "key-1"));
        Assert.Equal(8, id.Version);
        Assert.Equal(6, new[]
        {
            id,
            CommandId.Of("tenant_002", "exceptions", "JIRA", "exc_001", "key-1"),
            CommandId.Of("tenant_001", "disputes", "JIRA", "exc_001", "key-1"),
            CommandId.Of("tenant_001", "exceptions", "JIR", "Aexc_001", "key-1"),
            CommandId.Of("tenant_001", "exceptions", "JIRA", "exc_002", "key-1"),
            CommandId.Of("tenant_001", "exceptions", "JIRA", "exc_001", "key-2"),
        }.Distinct().Count());
    }
}
