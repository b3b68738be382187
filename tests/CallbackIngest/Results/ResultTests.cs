using System.Text;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Results;

public sealed class ResultTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task A_result_says_what_became_of_the_callback_and_the_audit_tells_the_whole_story()
    {
        var commandId = await AcceptAsync("result-1");
        await world.SayAsync(commandId, "failed", "The exception is closed.");
        await world.StatusIsAsync("result-1", "failed");
        Assert.Equal("The exception is closed.", await world.Database.ScalarAsync<string>("SELECT reason FROM callbacks WHERE command_id = $1", commandId));

        // Applied after all, and that is final.
        await world.SayAsync(commandId, "applied");
        await world.StatusIsAsync("result-1", "applied");
        await world.SayAsync(commandId, "failed");
        await world.SayAsync(await AcceptAsync("result-2"), "applied");
        await world.StatusIsAsync("result-2", "applied");
        Assert.Equal("applied", await world.StatusAsync("result-1"));

        Assert.Equal(
            ["callback.accepted", "callback.failed", "callback.applied"],
            await world.Database.ColumnAsync<string>(
                "SELECT action FROM audit WHERE subject = 'cbk_' || replace((SELECT id FROM callbacks WHERE command_id = $1)::text, '-', '') ORDER BY created_at", commandId));
    }

    [Theory]
    [InlineData("nonsense", "not_json")]
    [InlineData("[]", "invalid_result")]
    [InlineData("""{"command_id":"x","outcome":"applied"}""", "invalid_result")]
    [InlineData("""{"command_id":"0198c0de-1930-7b7e-8a1d-3f6c2b5a4e90","outcome":"done"}""", "invalid_result")]
    [InlineData("""{"command_id":"0198c0de-1930-7b7e-8a1d-3f6c2b5a4e90","outcome":"applied","reason":"\ud800"}""", "invalid_result")]
    [InlineData("""{"command_id":"0198c0de-1930-7b7e-8a1d-3f6c2b5a4e90","outcome":"applied"}""", "unknown_command")]
    public async Task What_is_no_result_of_ours_is_parked(string body, string reason)
    {
        await world.Bus.PublishAsync(BrokerNames.ResultsExchange, "x", body);

        var parked = await world.Bus.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Encoding.UTF8.GetBytes(body), parked.Body.ToArray());
        Assert.Equal((reason, BrokerNames.CallbackResultsQueue), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedQueueHeader)));
    }

    [Theory]
    [InlineData("N", "Failed", "\"It is closed.\"", "It is closed.")]
    [InlineData("B", "FAILED", "{\"code\": 17, \"text\":\"closed\"}", "{\"code\": 17, \"text\":\"closed\"}")]
    [InlineData("D", "failed", "17.0", "17.0")]
    [InlineData("D", "failed", "\"a\\u0000b\"", "ab")]
    [InlineData("N", "Applied", "null", null)]
    public async Task A_result_is_understood_however_it_is_spelled(string format, string outcome, string reason, string? stored)
    {
        var key = $"spelled-{format}-{outcome}-{reason.Length}";
        var commandId = await AcceptAsync(key);

        await world.Bus.PublishAsync(BrokerNames.ResultsExchange, "x", $$"""{"command_id":"{{commandId.ToString(format)}}","outcome":"{{outcome}}","reason":{{reason}}}""");

        await world.StatusIsAsync(key, outcome.ToLowerInvariant());
        Assert.Equal(stored, Assert.Single(await world.Database.ColumnAsync<string?>("SELECT coalesce(reason, 'nothing') FROM callbacks WHERE command_id = $1", commandId)) is var said && said == "nothing" ? null : said);
    }

    private async Task<Guid> AcceptAsync(string key)
    {
        (await world.Ingest.SendAsync(IngestClient.Body(), key)).IsAccepted();
        return Guid.Parse((await world.CommandAsync()).BasicProperties.MessageId!);
    }
}
