using System.Text;
using System.Text.Json;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Callbacks;

/// <summary>Every row of the table that says how a callback is answered.</summary>
public sealed class CallbackTableTests(World world) : IClassFixture<World>
{
    private static string NewKey() => $"key-{Guid.NewGuid():N}";

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("whk_never_made_by_anybody_000000")]
    public async Task Without_a_good_token_it_is_401(string? token)
    {
        var refused = await world.Ingest.SendAsync(IngestClient.Body(), NewKey(), token);

        refused.IsProblem(401, "unauthenticated");
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Without_the_scope_or_for_another_tenant_it_is_403()
    {
        (await world.Ingest.SendAsync(IngestClient.Body(), NewKey(), World.ReadToken)).IsProblem(403, "forbidden");
        var foreign = await world.Ingest.SendAsync(
            Encoding.UTF8.GetBytes(IngestClient.Body()), [("X-Idempotency-Key", NewKey())], World.Token, $"/v1/exceptions/{IngestClient.Exception}/callback?tenant_id={World.OtherTenant}");
        foreign.IsProblem(403, "forbidden");
    }

    [Theory]
    [InlineData("{}", "/externalSystem required", "/externalIssueId required", "/status required")]
    [InlineData("""{"externalSystem":" ","externalIssueId":null,"status":1}""", "/externalSystem required", "/externalIssueId required", "/status invalid_type")]
    [InlineData("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","dueAt":"tomorrow","updatedAt":"2024-01-20T10:30:00"}""", "/dueAt invalid_format", "/updatedAt invalid_format")]
    [InlineData("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","dueAt":"","updatedAt":" 2024-01-20T10:30:00Z"}""", "/dueAt invalid_format", "/updatedAt invalid_format")]
    [InlineData("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","dueAt":"2024-01-20T10:30:60Z","updatedAt":"2024-01-20T10:30:00Z\u0000"}""", "/dueAt invalid_format", "/updatedAt invalid_format")]
    [InlineData("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","payload":[],"callbackType":{},"assignee":7}""", "/payload invalid_type", "/callbackType invalid_type", "/assignee invalid_type")]
    [InlineData("""{"externalSystem":"\u0000","externalIssueId":"\ud800","status":"OPEN"}""", "/externalSystem invalid_value", "/externalIssueId invalid_value")]
    // What would be 422 by itself is told with the rest.
    [InlineData("""{"externalSystem":"J","status":"DONE"}""", "/externalIssueId required", "/status invalid_value")]
    public async Task What_is_missing_or_of_the_wrong_form_is_400_with_every_error(string body, params string[] errors) =>
        (await world.Ingest.SendAsync(body, NewKey())).IsProblem(400, "validation_failed", errors);

    [Fact]
    public async Task What_is_too_long_is_400()
    {
        var body = $$"""{"externalSystem":"{{new string('x', 65)}}","externalIssueId":"{{new string('x', 257)}}","status":"OPEN","assignee":"{{new string('x', 257)}}","resolutionNotes":"{{new string('x', 10_001)}}"}""";

        (await world.Ingest.SendAsync(body, NewKey())).IsProblem(
            400, "validation_failed", "/externalSystem out_of_range", "/externalIssueId out_of_range", "/assignee out_of_range", "/resolutionNotes out_of_range");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("""{"externalSystem":"J","externalSystem":"K"}""")]
    public async Task What_is_not_a_JSON_object_is_400(string body) => (await world.Ingest.SendAsync(body, NewKey())).IsProblem(400, "malformed_json");

    [Fact]
    public async Task Without_a_key_it_is_400_of_its_own() =>
        (await world.Ingest.SendAsync(IngestClient.Body(), key: null)).IsProblem(400, "idempotency_key_missing", "/X-Idempotency-Key required");

    [Theory]
    [InlineData("{}", "/X-Idempotency-Key required", "/externalSystem required", "/externalIssueId required", "/status required")]
    [InlineData("""{"externalSystem":"JIRA","externalIssueId":"R-1","status":"ASSIGNED","updatedAt":"bad"}""", "/X-Idempotency-Key required", "/updatedAt invalid_format", "/assignee required")]
    [InlineData("""{"externalSystem":"JIRA","externalIssueId":"R-1","status":"DONE","dueAt":"no"}""", "/X-Idempotency-Key required", "/dueAt invalid_format", "/status invalid_value")]
    public async Task What_lacks_its_key_hears_of_everything_else_too(string body, params string[] errors) =>
        (await world.Ingest.SendAsync(body, key: null)).IsProblem(400, "idempotency_key_missing", errors);

    [Theory]
    [InlineData("""{"z":9}""", """{"q":2}""", 400)]
    [InlineData("""{"q":"\ud800"}""", """{"q":"\ud800"}""", 200)]
    public async Task A_member_that_the_payload_has_with_another_value_is_refused_rather_than_lost(string custom, string inPayload, int status)
    {
        var answer = await world.Ingest.SendAsync(
            $$"""{"externalSystem":"JIRA","externalIssueId":"R-1","status":"OPEN","payload":{"cus/tom":{{inPayload}}},"cus/tom":{{custom}}}""", NewKey());

        if (status == 400)
        {
            answer.IsProblem(400, "validation_failed", "/cus~1tom invalid_value");
        }
        else
        {
            Assert.Equal(status, (int)answer.Status);
        }
    }

    // Each of many looked for among all of the many took half a minute of a processor.
    [Fact]
    public async Task Of_very_many_members_beside_a_payload_of_very_many_each_is_compared()
    {
        static string Members(string value) => string.Join(',', Enumerable.Range(0, 40_000).Select(number => $"\"m{number:x}\":{value}"));
        static string Body(string inPayload, string beside) => $$"""{"externalSystem":"JIRA","externalIssueId":"R-1","status":"OPEN","payload":{{{Members(inPayload)}}},{{Members(beside)}}}""";

        await world.Ingest.AcceptAsync(Body("0", "0"), NewKey());
        var refused = await world.Ingest.SendAsync(Body("0", "1"), NewKey());

        Assert.Equal(400, refused.Status);
        Assert.Contains("errors names the first 1,000 of 40,000 faults.", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_text_can_hold_is_kept_as_it_is_spelled_in_members_of_the_callers_own()
    {
        var key = NewKey();

        await world.Ingest.AcceptAsync("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","half":"\ud800","nul\u0000":"\u0000","deep":{"a":["\udc00"]}}""", key);

        Assert.Equal("""{"half":"\ud800","nul\u0000":"\u0000","deep":{"a":["\udc00"]}}""", (await CommandOfAsync(key)).GetProperty("payload").GetRawText());
        (await world.Ingest.SendAsync("""{"externalSystem":"J","externalIssueId":"1","status":"OPEN","\ud800":1}""", NewKey())).IsProblem(400, "malformed_json");
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("ümlaut")]
    [InlineData("slash/")]
    [InlineData("129")]
    public async Task A_key_of_the_wrong_form_is_400_beside_the_other_errors(string key)
    {
        key = key == "129" ? new string('k', 129) : key;

        var refused = await world.Ingest.SendAsync("{}", key);

        refused.IsProblem(400, "validation_failed", "/X-Idempotency-Key invalid_format", "/externalSystem required", "/externalIssueId required", "/status required");
    }

    [Fact]
    public async Task Either_header_carries_the_key_and_two_that_differ_are_400()
    {
        var body = Encoding.UTF8.GetBytes(IngestClient.Body());
        var key = $"{new string('k', 100)}:_.-{Guid.NewGuid():N}"[..128];

        (await world.Ingest.SendAsync(body, [("Idempotency-Key", key)])).IsAccepted();
        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", key), ("Idempotency-Key", key)])).IsAccepted(replayed: true);
        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", key), ("Idempotency-Key", "another")])).IsProblem(400, "validation_failed", "/X-Idempotency-Key invalid_value");
    }

    [Theory]
    [InlineData("a%20b")]
    [InlineData("%C3%BC")]
    public async Task An_exception_id_of_the_wrong_form_is_400(string id) =>
        (await world.Ingest.SendAsync(IngestClient.Body(), NewKey(), exceptionId: id)).IsProblem(400, "validation_failed", "/exceptionId invalid_format");

    [Fact]
    public async Task An_administrator_names_the_tenant()
    {
        var (body, key) = (Encoding.UTF8.GetBytes(IngestClient.Body()), NewKey());
        var path = $"/v1/exceptions/{IngestClient.Exception}/callback";

        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", key)], World.AdminToken)).IsProblem(400, "validation_failed", "/tenant_id required");
        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", key)], World.AdminToken, path + "?tenant_id=%00")).IsProblem(400, "validation_failed", "/tenant_id invalid_format");
        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", key)], World.AdminToken, path + "?tenant_id=of_admin")).IsAccepted();
        Assert.Equal("of_admin", await world.Database.ScalarAsync<string>("SELECT tenant_id FROM callbacks WHERE idempotency_key = $1", key));
    }

    [Theory]
    [InlineData("DONE")]
    [InlineData("closed")]
    public async Task An_unknown_status_is_422(string status) =>
        (await world.Ingest.SendAsync(IngestClient.Body(status), NewKey())).IsProblem(422, "invalid_status", "/status invalid_value");

    [Theory]
    [InlineData("assigned")]
    [InlineData("ASSIGNED")]
    public async Task Assigned_without_assignee_is_422(string status) =>
        (await world.Ingest.SendAsync($$"""{"externalSystem":"J","externalIssueId":"1","status":"{{status}}","assignee":" "}""", NewKey()))
            .IsProblem(422, "assignee_missing", "/assignee required");

    [Theory]
    [InlineData("open", "OPEN")]
    [InlineData(" Assigned ", "ASSIGNED")]
    [InlineData("pending_resolution", "PENDING_RESOLUTION")]
    [InlineData("RESOLVED", "RESOLVED")]
    public async Task A_known_status_is_taken_in_any_case(string given, string status)
    {
        var key = NewKey();

        await world.Ingest.AcceptAsync(IngestClient.Body(given, " jira "), key);

        var command = await CommandOfAsync(key);
        Assert.Equal(status, command.GetProperty("status").GetString());
        Assert.Equal("JIRA", command.GetProperty("external_system").GetString());
    }

    [Fact]
    public async Task The_same_content_under_the_same_key_is_replayed_and_other_content_is_422()
    {
        var key = NewKey();

        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
        (await world.Ingest.SendAsync(IngestClient.Body(), key)).IsAccepted(replayed: true);
        (await world.Ingest.SendAsync(IngestClient.Body(note: "other"), key)).IsProblem(422, "idempotency_key_reused");
        // Another exception, system or tenant: another key.
        await world.Ingest.AcceptAsync(IngestClient.Body(), key, exceptionId: "exc_002");
        await world.Ingest.AcceptAsync(IngestClient.Body(system: "SNOW"), key);
        await world.Ingest.AcceptAsync(IngestClient.Body(), key, World.OtherToken);
        Assert.Equal(4, (await world.Database.ColumnAsync<Guid>("SELECT command_id FROM callbacks WHERE idempotency_key = $1", key)).Distinct().Count());
    }

    [Fact]
    public async Task A_key_that_is_being_processed_is_409_until_its_lease_ends()
    {
        var key = NewKey();
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
        await world.Database.ExecuteAsync(
            "UPDATE callbacks SET status = 'reserved', lease_until = clock_timestamp() + interval '1 hour', repeat_at = NULL WHERE idempotency_key = $1", key);

        var refused = await world.Ingest.SendAsync(IngestClient.Body(), key);
        refused.IsProblem(409, "callback_in_progress");
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(60));
        (await world.Ingest.SendAsync(IngestClient.Body(note: "other"), key)).IsProblem(422, "idempotency_key_reused");

        await world.EndLeaseAsync(key);
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
    }

    [Fact]
    public async Task A_key_that_the_domain_failed_is_processed_again_and_other_content_stays_422()
    {
        var key = NewKey();
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);
        var commandId = await world.Database.ScalarAsync<Guid>("SELECT command_id FROM callbacks WHERE idempotency_key = $1", key);
        await world.SayAsync(commandId, "failed", "The exception is closed.");
        await world.StatusIsAsync(key, "failed");

        (await world.Ingest.SendAsync(IngestClient.Body(note: "other"), key)).IsProblem(422, "idempotency_key_reused");
        await world.Ingest.AcceptAsync(IngestClient.Body(), key);

        Assert.Equal("accepted", await world.StatusAsync(key));
        await world.SayAsync(commandId, "applied");
        await world.StatusIsAsync(key, "applied");
        (await world.Ingest.SendAsync(IngestClient.Body(), key)).IsAccepted(replayed: true);
    }

    [Fact]
    public async Task A_body_over_one_mebibyte_is_413()
    {
        var body = new byte[(1024 * 1024) + 1];
        Array.Fill(body, (byte)' ');

        (await world.Ingest.SendAsync(body, [("X-Idempotency-Key", NewKey())])).IsProblem(413, "too_large");
    }

    [Fact]
    public async Task Another_media_type_is_415_and_another_method_405_and_another_path_404()
    {
        using var text = new HttpRequestMessage(HttpMethod.Post, new Uri(world.Ingest.Address, "/v1/exceptions/e/callback")) { Content = new StringContent("{}") };
        text.Headers.Authorization = new("Bearer", World.Token);
        text.Headers.Add("X-Idempotency-Key", NewKey());
        (await IngestClient.SendAsync(text)).IsProblem(415, "unsupported_media_type");

        using var get = new HttpRequestMessage(HttpMethod.Get, new Uri(world.Ingest.Address, "/v1/exceptions/e/callback"));
        Assert.Equal(405, (await IngestClient.SendAsync(get)).Status);
        (await world.Ingest.SendAsync([], [], World.Token, "/v1/sources/src_1")).IsProblem(404, "not_found");
    }

    private async Task<JsonElement> CommandOfAsync(string key) =>
        JsonElement.Parse(await world.Database.ScalarAsync<byte[]>("SELECT command FROM callbacks WHERE idempotency_key = $1", key));
}
