using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
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

    [Fact]
    public async Task A_domain_that_answers_at_once_was_asked_before_it_answered()
    {
        await using var quick = await World.EmptyAsync();
        var ingest = await quick.StartIngestAsync();
        var consumer = new AsyncEventingBasicConsumer(quick.Bus.Channel);
        consumer.ReceivedAsync += async (_, command) => await quick.Bus.Channel.BasicPublishAsync(
            BrokerNames.ResultsExchange, "x", Encoding.UTF8.GetBytes($$"""{"command_id":"{{command.BasicProperties.MessageId}}","outcome":"applied"}"""));
        await quick.Bus.Channel.BasicConsumeAsync(BrokerNames.ExceptionCommandsQueue, autoAck: true, consumer);

        // Many, and yet not so many that a slow machine would not answer the last of them in time.
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), new ParallelOptions { MaxDegreeOfParallelism = 10 }, async (number, _) =>
            await ingest.AcceptAsync(IngestClient.Body(), $"quick-{number}"));

        await Eventually.TrueAsync(
            async () => await quick.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE status = 'applied'") == 100, World.Limit, "all of them to be applied");
        Assert.Equal(0, await quick.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE accepted_at IS NULL OR answered_at < accepted_at"));
        Assert.Equal(100, await quick.Database.ScalarAsync<long>(
            "SELECT count(*) FROM audit AS accepted JOIN audit AS applied USING (subject) WHERE accepted.action = 'callback.accepted' AND applied.action = 'callback.applied' AND accepted.created_at < applied.created_at"));
    }

    [Fact]
    public async Task A_result_that_changes_nothing_is_logged()
    {
        var commandId = await AcceptAsync("said-twice");
        await world.SayAsync(commandId, "failed", "one");
        await world.StatusIsAsync("said-twice", "failed");

        await world.SayAsync(commandId, "failed", "two");

        await Eventually.TrueAsync(
            () => world.Log.Lines.Any(line => line.Contains(commandId.ToString(), StringComparison.Ordinal) && line.Contains("Its reason: two", StringComparison.Ordinal)), World.Limit, "a line of the second");
        Assert.Equal("one", await world.Database.ScalarAsync<string>("SELECT reason FROM callbacks WHERE command_id = $1", commandId));
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
        using var counted = CountedMetric.Of(world.Services, "webhooks.parked");

        await world.Bus.PublishAsync(BrokerNames.ResultsExchange, "x", body);

        var parked = await world.Bus.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(Encoding.UTF8.GetBytes(body), parked.Body.ToArray());
        Assert.Equal((reason, BrokerNames.CallbackResultsQueue), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedQueueHeader)));
        // It is counted when the broker has confirmed it, which may be after it was taken.
        await Eventually.TrueAsync(() => counted.ByTag.Any(), World.Limit, "it to be counted");
        Assert.Equal([KeyValuePair.Create(reason, 1L)], counted.ByTag);
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

    // Nothing that passes the reader is refused by the real table; this stands for what we did not think of.
    [Fact]
    public async Task A_result_that_our_own_code_fails_on_is_parked_after_twenty_tries_while_the_others_are_taken()
    {
        const int EarlierTries = 10;
        await using var poisoned = await World.EmptyAsync();
        await poisoned.Database.ExecuteAsync("ALTER TABLE callbacks ADD CONSTRAINT no_teapots CHECK (reason <> 'teapot')");
        var body = $$"""{"command_id":"{{await StoredAsync("poison")}}","outcome":"failed","reason":"teapot"}""";
        await poisoned.Bus.PublishAsync(BrokerNames.ResultsExchange, "x", body);
        await poisoned.Bus.TouchAsync(BrokerNames.CallbackResultsQueue, EarlierTries);
        await poisoned.SayAsync(await StoredAsync("in its group"), "applied");
        await poisoned.StartIngestAsync();

        await poisoned.StatusIsAsync("in its group", "applied");
        // One after the other, so that each passes while the poison is in hand.
        var passed = 0;
        var watch = Stopwatch.StartNew();
        for (; await poisoned.Bus.CountAsync(BrokerNames.ParkingQueue) == 0; passed++)
        {
            Assert.True(watch.Elapsed < World.Limit, $"Nothing is parked after {passed} others were taken.");
            await poisoned.SayAsync(await StoredAsync($"healthy-{passed}"), "applied");
            await poisoned.StatusIsAsync($"healthy-{passed}", "applied");
        }

        var parked = await poisoned.Bus.TakeAsync(BrokerNames.ParkingQueue);
        Assert.Equal(body, parked.Text());
        Assert.Equal(("poison", BrokerNames.CallbackResultsQueue), (parked.Header(BrokerNames.ParkedReasonHeader), parked.Header(BrokerNames.ParkedQueueHeader)));
        Assert.Equal("accepted", await poisoned.StatusAsync("poison"));
        Assert.True(passed > 1);

        async Task<Guid> StoredAsync(string key) => await poisoned.Database.ScalarAsync<Guid>(
            """
            INSERT INTO callbacks (id, command_id, tenant_id, route, subject_id, external_system, idempotency_key, fingerprint, status, superseded, command, created_at, accepted_at)
            VALUES (gen_random_uuid(), gen_random_uuid(), $2, 'exceptions', 'exc_001', 'JIRA', $1, '\x00', 'accepted', false, '\x7b7d', now(), now())
            RETURNING command_id
            """,
            key, World.Tenant);
    }

    // No result's fault: a backup was restored beneath the service, say.
    [Fact]
    public async Task A_schema_that_takes_no_result_ends_the_service_and_parks_none()
    {
        await using var broken = await World.EmptyAsync();
        await broken.StartIngestAsync();
        var ended = broken.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped;
        await broken.Database.ExecuteAsync("ALTER TABLE callbacks RENAME COLUMN reason TO because");

        await broken.SayAsync(Guid.NewGuid(), "applied");

        await Eventually.TrueAsync(() => ended.IsCancellationRequested, World.Limit, "the service to end");
        // The broker takes back what a connection held a moment after it has ended.
        await broken.Bus.WaitForCountAsync(BrokerNames.CallbackResultsQueue, 1);
        Assert.Equal(0, await broken.Bus.CountAsync(BrokerNames.ParkingQueue));
    }

    private async Task<Guid> AcceptAsync(string key)
    {
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
        return Guid.Parse((await world.CommandAsync()).BasicProperties.MessageId!);
    }
}
