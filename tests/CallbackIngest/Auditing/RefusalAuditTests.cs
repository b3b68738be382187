using System.Diagnostics;
using System.Text.Json;
using Webhooks.CallbackIngest.Auditing;
using Webhooks.CallbackIngest.Tests.Sources;
using Webhooks.Contracts;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Auditing;

/// <summary>Every call of somebody who is known is in the audit, also when it was refused.</summary>
public sealed class RefusalAuditTests(World world) : IClassFixture<World>
{
    private const string Sprint = """{"webhookEvent":"sprint_closed","sprint":{"id":7}}""";
    private const string Issue = """{"webhookEvent":"jira:issue_updated","issue":{"key":"RECON-1","fields":{"status":{"statusCategory":{"key":"done"}}}}}""";

    [Theory]
    [InlineData("malformed_json", "{\"note\":\"nobody may read this\"")]
    [InlineData("validation_failed", """{"externalSystem":"J","externalIssueId":"1","status":"OPEN","dueAt":"nobody may read this"}""")]
    [InlineData("idempotency_key_missing", """{"externalSystem":"J","externalIssueId":"1","status":"OPEN"}""", null)]
    [InlineData("invalid_status", """{"externalSystem":"J","externalIssueId":"1","status":"nobody may read this"}""")]
    [InlineData("forbidden", "{}", "the-key", World.ReadToken)]
    public async Task A_refused_call_has_one_row_that_says_who_what_when_and_why(string code, string body, string? key = "the-key", string token = World.Token)
    {
        var exception = $"exc_{code}";
        var answer = await world.Ingest.SendAsync(body, key, token, exception);
        Assert.Equal(code, answer.Json.GetProperty("code").GetString());

        var details = Assert.Single(await RowsAsync(exception));
        Assert.Equal(
            ["exception_id", "external_system", "idempotency_key", "command_id", "source_id", "code", "at"], details.EnumerateObject().Select(member => member.Name));
        Assert.Equal((exception, key, code), (details.GetProperty("exception_id").GetString(), details.GetProperty("idempotency_key").GetString(), details.GetProperty("code").GetString()));
        Assert.DoesNotContain("nobody may", details.GetRawText(), StringComparison.Ordinal);
        Assert.InRange(details.GetProperty("at").GetDateTimeOffset(), TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow());

        var tokenId = PrefixedId.Format(PrefixedId.Token, await world.Database.ScalarAsync<Guid>("SELECT id FROM api_tokens WHERE name = $1", token[^4..]));
        Assert.Equal(
            $"{tokenId} {token[^4..]} {World.Tenant} {answer.Json.GetProperty("trace_id").GetString()} 127.0.0.1",
            await world.Database.ScalarAsync<string>("SELECT concat_ws(' ', actor, actor_name, tenant_id, trace_id, remote_address) FROM audit WHERE action = 'callback.refused' AND subject = $1", exception));
    }

    [Theory]
    [InlineData("invalid_status", """{"externalSystem":" jira ","externalIssueId":"1","status":"DONE"}""")]
    [InlineData("assignee_missing", """{"externalSystem":"JIRA","externalIssueId":"1","status":"ASSIGNED"}""")]
    [InlineData("validation_failed", """{"externalSystem":"JIRA","status":"OPEN"}""")]
    public async Task The_system_that_called_is_named_also_when_its_body_is_refused(string code, string body)
    {
        var exception = $"exc_system_{code}";
        Assert.Equal(code, (await world.Ingest.SendAsync(body, "k", exceptionId: exception)).Json.GetProperty("code").GetString());

        Assert.Equal("JIRA", Assert.Single(await RowsAsync(exception)).GetProperty("external_system").GetString());
    }

    [Fact]
    public async Task A_foreign_tenant_that_was_tried_is_named()
    {
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(IngestClient.Body()), [("X-Idempotency-Key", "k")], path: $"/v1/exceptions/exc_foreign/callback?tenant_id={World.OtherTenant}")).IsProblem(403, "forbidden");

        Assert.Equal(World.OtherTenant, Assert.Single(await RowsAsync("exc_foreign")).GetProperty("named_tenant_id").GetString());
        Assert.Equal(World.Tenant, await world.Database.ScalarAsync<string>("SELECT tenant_id FROM audit WHERE subject = 'exc_foreign'"));
    }

    [Fact]
    public async Task What_fails_at_its_size_its_type_its_key_or_the_limit_is_there_too()
    {
        var limited = await world.StartIngestAsync(("Webhooks:CallbacksPerMinute", "1"));
        await limited.AcceptAsync(IngestClient.Body(system: "AUDITED"), "many", exceptionId: "exc_many");
        (await limited.SendAsync(IngestClient.Body(system: "AUDITED"), "more", exceptionId: "exc_many")).IsProblem(429, "rate_limited");
        (await limited.SendAsync(IngestClient.Body(system: "AUDITED", note: "other"), "many", exceptionId: "exc_many")).IsProblem(422, "idempotency_key_reused");
        await world.Database.ExecuteAsync("UPDATE callbacks SET status = 'reserved', lease_until = clock_timestamp() + interval '1 hour', repeat_at = NULL WHERE idempotency_key = 'many'");
        (await limited.SendAsync(IngestClient.Body(system: "AUDITED"), "many", exceptionId: "exc_many")).IsProblem(409, "callback_in_progress");
        (await limited.SendAsync(new string(' ', (1024 * 1024) + 1), "large", exceptionId: "exc_many")).IsProblem(413, "too_large");
        using var text = new HttpRequestMessage(HttpMethod.Post, new Uri(limited.Address, "/v1/exceptions/exc_many/callback")) { Content = new StringContent("{}") };
        text.Headers.Authorization = new("Bearer", World.Token);
        (await IngestClient.SendAsync(text)).IsProblem(415, "unsupported_media_type");

        var rows = await RowsAsync("exc_many", 5);
        Assert.Equal(
            ["rate_limited more AUDITED", "idempotency_key_reused many AUDITED", "callback_in_progress many AUDITED", "too_large large ", "unsupported_media_type  "],
            rows.Select(row => $"{row.GetProperty("code").GetString()} {row.GetProperty("idempotency_key").GetString()} {row.GetProperty("external_system").GetString()}"));
        Assert.Equal(
            await world.Database.ScalarAsync<Guid>("SELECT command_id FROM callbacks WHERE idempotency_key = 'many'"), rows[1].GetProperty("command_id").GetGuid());
    }

    [Fact]
    public async Task Strangers_are_not()
    {
        (await world.Ingest.SendAsync(IngestClient.Body(), "k", token: null, "exc_stranger")).IsProblem(401, "unauthenticated");
        (await world.Ingest.SendAsync(IngestClient.Body(), "k", "whk_never_made_by_anybody_000000", "exc_stranger")).IsProblem(401, "unauthenticated");
        var source = await world.CreateSourceAsync("jira");
        (await world.JiraAsync($"{source}/exc_stranger", Issue, "k", secret: "another secret of somebody")).IsProblem(401, "unauthenticated");
        (await world.JiraAsync("src_00000000000000000000000000000000/exc_stranger", Issue, "k")).IsProblem(404, "not_found");
        (await world.Ingest.SendAsync("{", "k", exceptionId: "exc_after_strangers")).IsProblem(400, "malformed_json");

        await RowsAsync("exc_after_strangers");
        Assert.Equal(0, await world.Database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE subject IN ('exc_stranger', $1) AND action LIKE 'callback.%'", source));
    }

    [Fact]
    public async Task A_sources_webhook_is_there_whatever_became_of_it()
    {
        var limited = await world.StartIngestAsync(("Webhooks:CallbacksPerMinute", "2"));
        var source = await world.CreateSourceAsync("jira", settings => settings with { ExternalSystem = "AUDITED JIRA" });
        await Eventually.TrueAsync(async () => (await limited.SendAsync([], [], token: null, $"/v1/sources/{source}")).Status == 401, World.Limit, "the source to be known");

        (await SendAsync(Issue, "audited-1")).Is("accepted");
        (await SendAsync(Sprint, "audited-1")).Is("ignored");
        (await SendAsync(Sprint, "audited-2")).Is("received");
        (await SendAsync(Sprint, "audited-3")).IsProblem(429, "rate_limited");

        var rows = await RowsAsync("exc_audited", 2);
        Assert.Equal(
            ["idempotency_key_reused audited-1", "rate_limited audited-3"], rows.Select(row => $"{row.GetProperty("code").GetString()} {row.GetProperty("idempotency_key").GetString()}"));
        Assert.All(rows, row => Assert.Equal((source, "AUDITED JIRA"), (row.GetProperty("source_id").GetString(), row.GetProperty("external_system").GetString())));
        Assert.Equal(
            ["callback.accepted", "callback.received", "callback.refused", "callback.refused"],
            (await world.Database.ColumnAsync<string>("SELECT action FROM audit WHERE actor = $1", source)).Order(StringComparer.Ordinal));

        Task<Answer> SendAsync(string body, string key) => limited.SendAsync(
            SignedWebhooks.Bytes(body), [("X-Hub-Signature", SourceWorld.Sign(body)), ("X-Atlassian-Webhook-Identifier", key)], token: null, $"/v1/sources/{source}/exc_audited");
    }

    [Fact]
    public async Task All_that_is_said_of_a_callback_names_it_by_the_same_words()
    {
        await world.Ingest.AcceptAsync(IngestClient.Body(), "same-words", exceptionId: "exc_words");
        var commandId = await world.Database.ScalarAsync<Guid>("SELECT command_id FROM callbacks WHERE idempotency_key = 'same-words'");
        await world.SayAsync(commandId, "failed", "It is closed.");
        await world.StatusIsAsync("same-words", "failed");
        await world.SayAsync(commandId, "applied");
        await world.StatusIsAsync("same-words", "applied");
        await world.Database.ExecuteAsync("UPDATE callbacks SET status = 'reserved', lease_until = clock_timestamp() WHERE idempotency_key = 'same-words'");
        await world.StatusIsAsync("same-words", "failed");
        (await world.Ingest.SendAsync(IngestClient.Body(note: "other"), "same-words", exceptionId: "exc_words")).IsProblem(422, "idempotency_key_reused");
        await RowsAsync("exc_words");

        var rows = (await world.Database.ColumnAsync<string>("SELECT details FROM audit WHERE details LIKE '%same-words%' ORDER BY created_at, id")).Select(row => JsonElement.Parse(row)).ToList();
        Assert.Equal(5, rows.Count);
        Assert.All(rows, row => Assert.Equal(
            $$"""exception_id:"exc_words" external_system:"JIRA" idempotency_key:"same-words" command_id:"{{commandId}}" source_id:null""",
            string.Join(' ', row.EnumerateObject().Take(5).Select(member => $"{member.Name}:{member.Value.GetRawText()}"))));
    }

    [Fact]
    public async Task Who_floods_us_has_a_few_rows_and_a_count()
    {
        var flooded = await world.StartIngestAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(number => flooded.SendAsync("{", "k", World.OtherToken, $"exc_flood_{number}")));
        Assert.All(answers, answer => answer.IsProblem(400, "malformed_json"));

        await world.StopIngestAsync(flooded);

        var rows = (await world.Database.ColumnAsync<string>("SELECT details FROM audit WHERE tenant_id = $1 AND action = 'callback.refused'", World.OtherTenant)).Select(row => JsonElement.Parse(row)).ToList();
        Assert.Equal(300, rows.Sum(row => row.TryGetProperty("count", out var count) ? count.GetInt32() : 1));
        // The minute may have changed meanwhile.
        Assert.InRange(rows.Count, RefusalTally.Singly + 1, 2 * (RefusalTally.Singly + 1));
    }

    [Fact]
    public async Task While_the_database_is_away_they_are_answered_and_wait_for_it()
    {
        await using var relay = new TcpRelay(world.Postgres.Host!, world.Postgres.Port);
        var ingest = await world.StartIngestAsync(world.PostgresAt(relay.Port));
        relay.Cut();

        (await ingest.SendAsync("{", "k", exceptionId: "exc_away")).IsProblem(400, "malformed_json");
        (await ingest.SendAsync(IngestClient.Body(), "k", exceptionId: "exc_away")).IsProblem(503, "unavailable");

        relay.Restore();
        Assert.Equal(["malformed_json", "unavailable"], (await RowsAsync("exc_away", 2)).Select(row => row.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task What_the_database_took_and_did_not_confirm_is_there_once()
    {
        await using var relay = new TcpRelay(world.Postgres.Host!, world.Postgres.Port);
        var ingest = await world.StartIngestAsync(world.PostgresAt(relay.Port));
        var round = 0;
        do
        {
            Assert.InRange(++round, 1, 10);
            relay.Restore();
            // Leaves an open connection behind, which somebody else may take first: then there is no other to be had, and one more round.
            (await ingest.SendAsync("{", "k", exceptionId: $"exc_confirmed_{round}")).IsProblem(400, "malformed_json");
            await RowsAsync($"exc_confirmed_{round}");

            relay.LoseAnswers();
            (await ingest.SendAsync("{", "k", exceptionId: $"exc_unconfirmed_{round}")).IsProblem(400, "malformed_json");
        }
        while (!await IsTakenAsync());
        relay.Restore();

        // What comes after it is written after it was written once more.
        (await ingest.SendAsync("{", "k", exceptionId: "exc_after_unconfirmed")).IsProblem(400, "malformed_json");
        await RowsAsync("exc_after_unconfirmed");
        Assert.Equal(1, await CountAsync());

        Task<long> CountAsync() => world.Database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE subject = $1", $"exc_unconfirmed_{round}");

        async Task<bool> IsTakenAsync()
        {
            var waited = Stopwatch.StartNew();
            while (await CountAsync() == 0 && waited.Elapsed < TimeSpan.FromSeconds(10))
            {
                await Task.Delay(20);
            }

            return await CountAsync() > 0;
        }
    }

    private async Task<IReadOnlyList<JsonElement>> RowsAsync(string subject, int count = 1)
    {
        IReadOnlyList<string> rows = [];
        await Eventually.TrueAsync(
            async () => (rows = await world.Database.ColumnAsync<string>("SELECT details FROM audit WHERE action = 'callback.refused' AND subject = $1 ORDER BY created_at, id", subject)).Count >= count,
            World.Limit,
            () => $"{count} rows of {subject}; there are {string.Join('\n', rows)}");
        return [.. rows.Select(row => JsonElement.Parse(row))];
    }
}
