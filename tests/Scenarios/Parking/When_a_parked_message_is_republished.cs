using System.Net;
using System.Text.Json;
using RabbitMQ.Client;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Parking;

public sealed class When_a_parked_message_is_republished(SharedSystem system)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    // Nothing that passes the reader is refused by the real tables; this stands for a fault of ours, and its mending.
    [Fact]
    public async Task Should_flow_as_if_it_were_new_once_what_was_wrong_is_mended()
    {
        await using var receiver = await TestReceiver.StartAsync();
        var published = TestEvent.Create(Tenant.New(), "exception.created");
        await system.Management.SubscribeAsync(new SubscriptionRequest { TenantId = published.TenantId, Url = receiver.Url, EventTypes = [published.Type] });
        var fault = $"fault_{published.TenantId}";
        await system.Database.ExecuteAsync(
            $"""
            CREATE FUNCTION {fault}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this one is poison'; END $$;
            CREATE TRIGGER {fault} BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_id = '{published.Id}') EXECUTE FUNCTION {fault}();
            """);
        await system.Events.PublishAsync(published);
        var parked = await TheOnlyOneAsync($"v1/parked?tenant_id={published.TenantId}");
        Assert.Equal(("poison", "parked"), (Text(parked, "reason"), Text(parked, "status")));
        Assert.Contains("this one is poison", Text(parked, "detail"), StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
        await system.Database.ExecuteAsync($"DROP TRIGGER {fault} ON events; DROP FUNCTION {fault}()");

        await RepublishAsync(Text(parked, "id"));

        Assert.Equal(published.Id, TestEvent.IdOf(Assert.Single(await receiver.WaitForAsync(1))));
        Assert.Equal("republished", Text(await TheOnlyOneAsync($"v1/parked?tenant_id={published.TenantId}"), "status"));

        // Once more: it is known by now, and no second fan-out follows.
        await RepublishAsync(Text(parked, "id"));
        var after = TestEvent.Create(published.TenantId, published.Type);
        await system.Events.PublishAsync(after);
        Assert.Equal([published.Id, after.Id], (await receiver.WaitForAsync(2)).Select(TestEvent.IdOf));
        var accounts = await GetAsync($"v1/accounting?tenant_id={published.TenantId}");
        Assert.Equal((2, 1), (accounts.GetProperty("accepted").GetInt64(), accounts.GetProperty("parked").GetInt64()));
    }

    [Fact]
    public async Task Should_park_it_anew_while_nothing_is_mended()
    {
        var messageId = $"message-{Guid.NewGuid():N}";
        await system.Events.PublishAsync("{}"u8.ToArray(), "a.b", new BasicProperties { MessageId = messageId });
        var first = await system.Parked.WaitForAsync(messageId);

        await RepublishAsync($"prk_{first.Id:N}");

        IReadOnlyList<ParkedMessage> all = [];
        await Eventually.TrueAsync(
            async () => (all = [.. (await system.Parked.AllAsync()).Where(message => message.Properties.MessageId == messageId)]).Count == 2, Limit, "it to be parked again");
        Assert.Equal([first.Id, all[1].Id], all.Select(message => message.Id));
        Assert.Equal((first.Reason, first.Detail, first.Queue, first.Text), (all[1].Reason, all[1].Detail, all[1].Queue, all[1].Text));
        Assert.Equal(first.Properties.Headers!.Keys.Order(), all[1].Properties.Headers!.Keys.Order());
    }

    private async Task RepublishAsync(string id)
    {
        using var answer = await system.Management.AnsweredAsync(http => http.PostAsync($"v1/parked/{id}/republish", content: null));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    private async Task<JsonElement> TheOnlyOneAsync(string path)
    {
        JsonElement items = default;
        await Eventually.TrueAsync(async () => (items = (await GetAsync(path)).GetProperty("items")).GetArrayLength() > 0, Limit, "a parked message");
        return Assert.Single(items.EnumerateArray());
    }

    private Task<JsonElement> GetAsync(string path) => system.Management.GetJsonAsync(path);

    private static string Text(JsonElement parked, string member) => parked.GetProperty(member).GetString()!;
}
