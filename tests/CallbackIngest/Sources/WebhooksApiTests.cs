using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Sources;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Sources;

public sealed class WebhooksApiTests(World world) : IClassFixture<World>
{
    private const string Issue = """{"webhookEvent":"jira:issue_updated","issue":{"key":"RECON-1","fields":{"status":{"statusCategory":{"key":"done"}}}},"note":"NOTE"}""";

    [Fact]
    public async Task A_signed_webhook_of_Jira_becomes_one_command_however_often_it_comes()
    {
        var source = await world.CreateSourceAsync("jira");

        // The constant: signed by another implementation.
        (string, string)[] headers = [("X-Hub-Signature", SignedWebhooks.JiraSignature), ("X-Atlassian-Webhook-Identifier", "jira-once")];
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.Jira), headers, token: null, $"/v1/sources/{source}/exc_jira")).Is("accepted");
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.Jira), headers, token: null, $"/v1/sources/{source}/exc_jira")).Is("accepted", replayed: true);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.Jira), headers, token: null, $"/v1/sources/{source}/exc_jira")));

        var command = await TheCommandOfAsync("exc_jira");
        Assert.Equal("JIRA", command.GetProperty("external_system").GetString());
        Assert.Equal("RECON-1234", command.GetProperty("external_issue_id").GetString());
        Assert.Equal("RESOLVED", command.GetProperty("status").GetString());
        Assert.Equal("2026-01-15T10:30:00Z", command.GetProperty("updated_at").GetString());
        Assert.Equal("jira-once", command.GetProperty("idempotency_key").GetString());
        Assert.Equal(World.Tenant, command.GetProperty("tenant_id").GetString());
        Assert.Equal(SignedWebhooks.Jira, command.GetProperty("payload").GetRawText());
        await world.StatusIsAsync("jira-once", "accepted");
        Assert.Equal([source], await world.Database.ColumnAsync<string>("SELECT DISTINCT actor FROM audit WHERE details LIKE '%jira-once%'"));
    }

    [Fact]
    public async Task Changed_content_under_a_known_key_is_ignored_and_a_key_in_progress_is_503()
    {
        var source = await world.CreateSourceAsync("jira");
        (await world.JiraAsync($"{source}/exc_same", Issue, "changed")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_same", Issue.Replace("NOTE", "other", StringComparison.Ordinal), "changed")).Is("ignored");

        await world.Database.ExecuteAsync("UPDATE callbacks SET status = 'reserved', lease_until = clock_timestamp() + interval '1 hour' WHERE idempotency_key = 'changed'");
        (await world.JiraAsync($"{source}/exc_same", Issue, "changed")).IsUnavailable();
    }

    // Stripe's pending_webhooks, or whatever a sender writes anew with each try.
    [Fact]
    public async Task What_failed_is_taken_when_it_is_tried_again_in_other_words_but_not_about_another_exception()
    {
        var source = await world.CreateSourceAsync("jira");
        var again = Issue.Replace("NOTE", "again", StringComparison.Ordinal);
        (await world.JiraAsync($"{source}/exc_again", Issue, "again")).Is("accepted");
        var commandId = (await TheCommandOfAsync("exc_again")).GetProperty("command_id").GetGuid();
        await world.SayAsync(commandId, "failed", "Not now.");
        await world.StatusIsAsync("again", "failed");

        (await world.JiraAsync($"{source}/exc_aimed", Issue, "again")).Is("ignored");
        (await world.JiraAsync($"{source}/exc_again", again, "again")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_again", again, "again")).Is("accepted", replayed: true);
        (await world.JiraAsync($"{source}/exc_again", Issue, "again")).Is("ignored");

        var command = await TheCommandOfAsync("exc_again");
        Assert.Equal((commandId, again), (command.GetProperty("command_id").GetGuid(), command.GetProperty("payload").GetRawText()));
    }

    [Fact]
    public async Task Two_sources_of_a_tenant_and_its_callers_never_hide_each_others_webhooks()
    {
        var (first, second) = (await world.CreateSourceAsync("jira"), await world.CreateSourceAsync("jira"));

        (await world.JiraAsync($"{first}/exc_own", Issue, "own-key")).Is("accepted");
        (await world.JiraAsync($"{second}/exc_own", Issue, "own-key")).Is("accepted");
        await world.Ingest.AcceptAsync(IngestClient.Body(), "own-key", exceptionId: "exc_own");

        Assert.Equal(3, await world.Database.ScalarAsync<long>("SELECT count(DISTINCT command_id) FROM callbacks WHERE idempotency_key = 'own-key'"));
    }

    [Fact]
    public async Task Whatever_fails_the_answer_is_one_and_the_reason_is_counted_and_logged_without_secrets()
    {
        var source = await world.CreateSourceAsync("stripe", secret: SignedWebhooks.StripeSecret);
        var reasons = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "webhooks.signature.verification_failures")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Add(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        listener.Start();
        var before = await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks");

        var answers = new List<Answer>();
        foreach (var header in new[] { null, "t=1705758600,v1=zz", $"t=1705758600,v1={new string('0', 64)}", $"t=1705758600,v1={SignedWebhooks.StripeDigest}" })
        {
            answers.Add(await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.Stripe), header is null ? [] : [("Stripe-Signature", header)], token: null, $"/v1/sources/{source}"));
        }

        Assert.All(answers, answer => answer.IsProblem(401, "unauthenticated"));
        Assert.Single(answers.Select(answer => answer.Text.Replace(answer.Json.GetProperty("trace_id").GetString()!, "", StringComparison.Ordinal)).Distinct());
        Assert.Single(answers.Select(answer => string.Join('\n', answer.Headers.Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(',', header.Value)}"))).Distinct());
        foreach (var reason in new[] { "missing_header", "malformed_signature", "signature_mismatch", "timestamp_outside_tolerance" })
        {
            Assert.Contains($"stripe {reason}", reasons);
            Assert.Contains(world.Log.Lines, line => line.Contains(source, StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(world.Log.Lines, line => line.Contains(SignedWebhooks.StripeSecret, StringComparison.Ordinal) || line.Contains(SignedWebhooks.StripeDigest, StringComparison.Ordinal));
        Assert.Equal(before, await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks"));
    }

    [Theory]
    [InlineData("jira", nameof(AuthenticationMethod.Signature), "Webhook")]
    [InlineData("servicenow", nameof(AuthenticationMethod.Header), "Webhook")]
    [InlineData("servicenow", nameof(AuthenticationMethod.Basic), "Basic realm=\"{0}\", charset=\"UTF-8\"")]
    public async Task A_401_asks_for_what_its_source_is_proved_with_whatever_was_wrong(string kind, string how, string expected)
    {
        var method = Enum.Parse<AuthenticationMethod>(how);
        var source = await world.CreateSourceAsync(kind, settings => method switch
        {
            AuthenticationMethod.Header => settings with { Authentication = new() { Method = method, Header = "X-Webhook-Secret" } },
            AuthenticationMethod.Basic => settings with { Authentication = new() { Method = method, Username = "snow" } },
            _ => settings,
        });

        foreach (var (name, value) in new[]
        {
            ("X-Nothing", "1"), ("X-Hub-Signature", "sha256=00"), ("X-Hub-Signature", SignedWebhooks.JiraSignature), ("X-Webhook-Secret", "wrong"),
            ("Authorization", "Bearer x"), ("Authorization", "Basic !"), ("Authorization", $"Basic {Convert.ToBase64String("snow:wrong"u8)}"), ("Authorization", $"Basic {Convert.ToBase64String("other:wrong"u8)}"),
        })
        {
            var answer = await world.Ingest.SendAsync("{}"u8.ToArray(), [(name, value)], token: null, $"/v1/sources/{source}");
            answer.IsProblem(401, "unauthenticated");
            Assert.Equal(expected.Replace("{0}", source, StringComparison.Ordinal), Assert.Single(answer.Headers.GetValues("WWW-Authenticate")));
        }

        (await world.Ingest.SendAsync(IngestClient.Body(), "challenge", token: "whk_unknown")).IsProblem(401, "unauthenticated");
        Assert.Equal("Bearer", Assert.Single((await world.Ingest.SendAsync(IngestClient.Body(), "challenge", token: "whk_unknown")).Headers.GetValues("WWW-Authenticate")));
    }

    [Fact]
    public async Task A_webhook_that_is_no_command_is_told_of_once()
    {
        var source = await world.CreateSourceAsync("jira");
        const string Sprint = """{"webhookEvent" : "sprint_closed", "sprint":{"id":7,"name":"é"}}""";

        (await world.JiraAsync($"{source}/exc_001", Sprint, "sprint-7")).Is("received");
        (await world.JiraAsync($"{source}/exc_001", Sprint, "sprint-7")).Is("received", replayed: true);
        (await world.JiraAsync(source, Issue, "no-exception")).Is("received");
        (await world.JiraAsync($"{source}/a%20b", Issue, "bad-exception")).Is("received");
        (await world.JiraAsync($"{source}/exc_001", "payload=form", "not-json")).Is("received");

        var notices = await world.Database.ColumnAsync<string>("SELECT convert_from(data, 'UTF8') FROM notices WHERE type = 'inbound.received' AND convert_from(data, 'UTF8') LIKE '%' || $1 || '%' ORDER BY seq", source);
        Assert.Equal(["validation_failed", "exception_id_missing", "exception_id_invalid", "not_json"], notices.Select(data => JsonElement.Parse(data).GetProperty("reason").GetString()));
        var told = JsonSerializer.Deserialize<ReceivedInbound>(notices[0])!;
        Assert.Equal((source, "jira", "JIRA", "sprint-7", "exc_001"), (told.SourceId, told.Kind, told.ExternalSystem, told.IdempotencyKey, told.ExceptionId));
        Assert.Equal("""{"webhookEvent":"sprint_closed","sprint":{"id":7,"name":"é"}}""", told.Payload!.Value.GetRawText());
        Assert.Contains("/externalIssueId", told.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_systems_prove_and_name_what_they_are_about_in_their_own_ways()
    {
        var snow = await world.CreateSourceAsync("servicenow", secret: SignedWebhooks.ServiceNowSecret);
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.ServiceNow.Replace("exc_001", "exc_snow", StringComparison.Ordinal)), [("X-Hmac-Signature", SignedWebhooks.ServiceNowSignature)], token: null, $"/v1/sources/{snow}"))
            .IsProblem(401, "unauthenticated");
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.ServiceNow), [("X-Hmac-Signature", SignedWebhooks.ServiceNowSignature)], token: null, $"/v1/sources/{snow}")).Is("accepted");

        var header = await world.CreateSourceAsync("servicenow", settings => settings with
        {
            Authentication = new() { Method = AuthenticationMethod.Header, Header = "X-Webhook-Secret" },
            ExceptionId = new(PlaceKind.Query, "exception"),
        });
        (await world.Ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.ServiceNow), [("X-Webhook-Secret", SourceWorld.Secret)], token: null, $"/v1/sources/{header}?exception=exc_query")).Is("accepted");
        Assert.Equal("INC0012345", (await TheCommandOfAsync("exc_query")).GetProperty("external_issue_id").GetString());

        var slack = await world.CreateSourceAsync("slack");
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        const string Challenge = """{"type":"url_verification","token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}""";
        var asked = await world.Ingest.SendAsync(
            SignedWebhooks.Bytes(Challenge),
            [("X-Slack-Request-Timestamp", $"{now}"), ("X-Slack-Signature", "v0" + SourceWorld.Sign($"v0:{now}:{Challenge}")["sha256".Length..])],
            token: null,
            $"/v1/sources/{slack}");
        Assert.Equal((200, """{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"""), (asked.Status, asked.Text));
    }

    [Theory]
    [InlineData("src_00000000000000000000000000000000")]
    [InlineData("src_")]
    [InlineData("..%2fsrc_")]
    [InlineData("sub_00000000000000000000000000000000/exc")]
    public async Task An_unknown_source_is_404(string path) => (await world.JiraAsync(path, Issue, "unknown")).IsProblem(404, "not_found");

    [Fact]
    public async Task A_deleted_source_is_404_within_a_second()
    {
        var store = new Webhooks.Sources.Storage.SourceStore(world.Database, world.Vault);
        await Promptly.MostAsync(TimeSpan.FromSeconds(1), rounds: 5, async () =>
        {
            var source = await world.CreateSourceAsync("jira");
            Assert.True(PrefixedId.TryParse(PrefixedId.Source, source, out var id));

            Assert.False(await store.DeleteAsync(id, World.OtherTenant, Database.Auditing.Actor.System, CancellationToken.None));
            Assert.True(await store.DeleteAsync(id, World.Tenant, Database.Auditing.Actor.System, CancellationToken.None));

            var deleted = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(async () => (await world.JiraAsync(source, Issue, "deleted")).Status == 404, World.Limit, "the source to be forgotten");
            return TimeProvider.System.GetElapsedTime(deleted);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Hostile_webhooks_are_never_our_fault(int seed)
    {
        var source = await world.CreateSourceAsync("jira", settings => settings with { ExceptionId = new(PlaceKind.Pointer, "/exc") });
        var random = new Random(seed);
        string[] values = ["null", "1e999", "\"\\ud800\"", "\"\\u0000\"", "\"done\"", "[]", "{\"key\":\"\\ud800\"}", "{\"fields\":{\"status\":{\"statusCategory\":{\"key\":\"done\"}},\"updated\":\"9999-12-31T23:59:59-1400\"}}", "9223372036854775807", "\"exc_1\"", "{\"\\ud800\":1}"];
        string[] identifiers = ["k", "ü", "a b", "", new string('x', 300)];
        for (var round = 0; round < 250; round++)
        {
            var body = string.Join(',', new[] { "issue", "exc", "timestamp", "webhookEvent", "comment", "\\ud800", "" }.Where(_ => random.Next(2) == 0).Select(name => $"\"{name}\":{values[random.Next(values.Length)]}"));
            var bytes = SignedWebhooks.Bytes("{" + body + "}");
            if (random.Next(3) == 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var signature = "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(SourceWorld.Secret), bytes));
            var identifier = identifiers[random.Next(identifiers.Length)] + random.Next(50);
            var answer = await IngestClient.AnsweredAsync(
                () => world.Ingest.SendAsync(bytes, [("X-Hub-Signature", signature), ("X-Atlassian-Webhook-Identifier", identifier)], token: null, $"/v1/sources/{source}"));
            Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text} for {Encoding.UTF8.GetString(bytes)}");
        }

        (await world.Ingest.SendAsync(new byte[(1024 * 1024) + 1], [], token: null, $"/v1/sources/{source}")).IsProblem(413, "too_large");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Hostile_forms_are_read_or_refused_with_a_reason(int seed)
    {
        var random = new Random(seed);
        string[] kinds = ["github", "slack", "jira", "custom"];
        var sources = new Dictionary<string, string>();
        foreach (var kind in kinds)
        {
            sources[kind] = await world.CreateSourceAsync(kind, settings => settings with
            {
                Authentication = new() { Method = AuthenticationMethod.Signature, Header = "X-Hub-Signature-256", ValueTemplate = "sha256={digest}" },
                ToleranceSeconds = null,
                ExceptionId = new(PlaceKind.Pointer, "/exc"),
            });
        }

        string[] pieces =
        [
            "payload", "exc", "text", "command", "type", "ssl_check", "=", "=", "&", "&", "%", "%2", "%zz", "%00", "%C3%A9", "%FF", "%ED%A0%80", "+", "1", "é", "{", "}", "[",
            "%7B%22exc%22%3A%22exc_1%22%7D", "url_verification", "challenge", "&a=1&a=2", new string('x', 500), string.Join('&', Enumerable.Range(0, 60).Select(number => $"m{number}")),
        ];
        string[] types = ["application/x-www-form-urlencoded", "APPLICATION/X-WWW-FORM-URLENCODED;charset=utf-7", "application/x-www-form-urlencoded; charset=\"", "multipart/form-data", "x", "", "application/json"];
        var seen = new HashSet<int>();
        for (var round = 0; round < 250; round++)
        {
            var bytes = SignedWebhooks.Bytes(string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => pieces[random.Next(pieces.Length)])));
            if (random.Next(3) == 0)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var signature = random.Next(10) == 0 ? types[random.Next(types.Length)] : "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(SourceWorld.Secret), bytes));
            var path = $"/v1/sources/{sources[kinds[random.Next(kinds.Length)]]}?exc=%00&exc=2&{random.Next()}";
            var type = types[random.Next(types.Length)];
            var delivery = new[] { "k", "ü", "", new string('x', 300), "a, b" }[random.Next(5)] + random.Next(50);

            var answer = await IngestClient.AnsweredAsync(() => SendAsync(path, bytes, type, signature, delivery));
            seen.Add(answer.Status);
            Assert.True(answer.Status is 200 or 400 or 401, $"{answer.Status} {answer.Text} for {type} {Convert.ToHexString(bytes)}");
            if (answer.Status == 400)
            {
                answer.IsProblem(400, "bad_request");
                Assert.Contains("the form", answer.Json.GetProperty("detail").GetString(), StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.Equal([200, 400, 401], seen.Order());

        async Task<Answer> SendAsync(string path, byte[] bytes, string type, string signature, string delivery)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(world.Ingest.Address, path)) { Content = new ByteArrayContent(bytes) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            request.Headers.TryAddWithoutValidation("X-Hub-Signature-256", signature);
            request.Headers.TryAddWithoutValidation("X-GitHub-Delivery", delivery);
            return await IngestClient.SendAsync(request);
        }
    }

    [Theory]
    [InlineData("a=%zz", "percent-encoding")]
    [InlineData("payload=%7B%7D&payload=%7B%7D", "name of another")]
    [InlineData("many", "more than 100 members")]
    public async Task A_form_that_cannot_be_read_is_400_says_why_and_is_logged_and_only_its_source_learns_it(string form, string expected)
    {
        form = form == "many" ? string.Join('&', Enumerable.Range(0, 101).Select(number => $"m{number}=1")) : form;
        var source = await world.CreateSourceAsync("github");
        Task<Answer> SendAsync(string signature) =>
            world.Ingest.SendAsync(SignedWebhooks.Bytes(form), [("X-Hub-Signature-256", signature)], token: null, $"/v1/sources/{source}", "application/x-www-form-urlencoded");

        var answer = await SendAsync(SourceWorld.Sign(form));
        answer.IsProblem(400, "bad_request");
        Assert.Contains(expected, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(world.Log.Lines, line => line.Contains(source, StringComparison.Ordinal) && line.Contains(expected, StringComparison.Ordinal));

        // To a stranger it is 401, whatever it is.
        (await SendAsync(SourceWorld.Sign(form, "another secret of a stranger"))).IsProblem(401, "unauthenticated");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    public async Task JSON_is_read_whatever_it_is_called(string contentType)
    {
        var source = await world.CreateSourceAsync("jira");
        var key = $"called-{contentType.Length}";
        Task<Answer> SendAsync(string body, string identifier) => world.Ingest.SendAsync(
            SignedWebhooks.Bytes(body), [("X-Hub-Signature", SourceWorld.Sign(body)), ("X-Atlassian-Webhook-Identifier", identifier)], token: null, $"/v1/sources/{source}/exc_{key}", contentType);

        (await SendAsync($"\r\n {Issue}", key)).Is("accepted");
        (await SendAsync("""{"a":1,"a":2}""", key + "-twice")).Is("received");
        Assert.Equal("not_json", JsonElement.Parse((await world.Database.ColumnAsync<string>(
            "SELECT convert_from(data, 'UTF8') FROM notices WHERE convert_from(data, 'UTF8') LIKE '%' || $1 || '%'", key + "-twice"))[0]).GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("status")]
    [InlineData("external_issue_id")]
    public async Task Without_a_field_that_a_command_needs_every_webhook_is_told_of(string field)
    {
        var source = await world.CreateSourceAsync("jira", settings => settings with { Fields = settings.Fields.Where(mapped => mapped.Key != field).ToDictionary() });

        (await world.JiraAsync($"{source}/exc_without", Issue, "without")).Is("received");

        var told = JsonElement.Parse(Assert.Single(await world.Database.ColumnAsync<string>("SELECT convert_from(data, 'UTF8') FROM notices WHERE convert_from(data, 'UTF8') LIKE '%' || $1 || '%'", source)));
        Assert.Contains(field == "status" ? "/status" : "/externalIssueId", told.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> TheCommandOfAsync(string exceptionId)
    {
        var text = await world.Database.ColumnAsync<string>("SELECT convert_from(command, 'UTF8') FROM callbacks WHERE subject_id = $1", exceptionId);
        return JsonElement.Parse(Assert.Single(text));
    }
}
