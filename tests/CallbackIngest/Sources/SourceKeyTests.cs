using System.Text.Json;
using Microsoft.Extensions.Options;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Contracts;
using Webhooks.Database.Auditing;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;
using Webhooks.Sources.Storage;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Sources;

/// <summary>A sender's delivery id is one webhook's, within its source: whatever it is about, and whatever becomes of it.</summary>
public sealed class SourceKeyTests(World world) : IClassFixture<World>
{
    private const string Issue = """{"webhookEvent":"jira:issue_updated","issue":{"key":"RECON-1","fields":{"status":{"statusCategory":{"key":"done"}}}},"note":"NOTE"}""";
    private const string Sprint = """{"webhookEvent":"sprint_closed","sprint":{"id":7}}""";

    [Fact]
    public async Task An_id_that_is_sent_again_about_another_exception_is_ignored()
    {
        var source = await world.CreateSourceAsync("jira");

        (await world.JiraAsync($"{source}/exc_first", Issue, "one-id")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_second", Issue, "one-id")).Is("ignored");
        (await world.JiraAsync(source, Issue, "one-id")).Is("ignored");
        (await world.JiraAsync($"{source}/exc_first", Issue, "one-id")).Is("accepted", replayed: true);

        Assert.Equal(["exc_first"], await world.Database.ColumnAsync<string>("SELECT subject_id FROM callbacks WHERE idempotency_key = 'one-id'"));
        Assert.Equal(0, await world.Database.ScalarAsync<long>("SELECT count(*) FROM notices WHERE convert_from(data, 'UTF8') LIKE '%one-id%'"));
    }

    [Fact]
    public async Task Of_many_at_once_about_different_exceptions_exactly_one_becomes_a_command()
    {
        var second = await world.StartIngestAsync();
        var source = await world.CreateSourceAsync("jira");
        await Eventually.TrueAsync(async () => (await second.SendAsync([], [], token: null, $"/v1/sources/{source}")).Status == 401, World.Limit, "the source to be known");

        var id = "";
        var answers = await IngestClient.BurstAsync(round =>
        {
            id = $"raced-id-{round}";
            return Enumerable.Range(0, 60).Select(number => (number % 2 == 0 ? world.Ingest : second).SendAsync(
                SignedWebhooks.Bytes(Issue), [("X-Hub-Signature", SourceWorld.Sign(Issue)), ("X-Atlassian-Webhook-Identifier", id)], token: null, $"/v1/sources/{source}/exc_{number}"));
        });

        Assert.Single(answers, answer => answer.Text == """{"status":"accepted"}""");
        Assert.Equal(59, answers.Count(answer => answer.Text == """{"status":"ignored"}"""));
        Assert.Single(await world.CommandsAsync(), command => JsonElement.Parse(command.Body.Span).GetProperty("idempotency_key").GetString() == id);
    }

    [Fact]
    public async Task Two_instances_that_know_the_source_by_different_systems_never_both_have_the_key()
    {
        var options = Options.Create(new CallbackOptions { CallbacksPerMinute = 0 });
        var (one, other) = (new KeyStore(world.Database, options), new KeyStore(world.Database, options));
        var sourceId = Guid.CreateVersion7();
        for (var round = 0; round < 40; round++)
        {
            var outcomes = await Task.WhenAll(
                one.ReserveAsync([Callback(sourceId, "JIRA", $"renamed-{round}")], CancellationToken.None),
                other.ReserveAsync([Callback(sourceId, "JIRA CLOUD", $"renamed-{round}")], CancellationToken.None));

            Assert.Single(outcomes, outcome => outcome[0] is KeyOutcome.Reserved);
            Assert.Single(outcomes, outcome => outcome[0] is KeyOutcome.InProgress);
        }
    }

    [Fact]
    public async Task After_the_sources_system_was_changed_a_known_id_is_a_repeat()
    {
        var source = await world.CreateSourceAsync("jira");
        (await world.JiraAsync($"{source}/exc_system", Issue, "before-change")).Is("accepted");

        await ChangeAsync(source, settings => settings with { ExternalSystem = "JIRA CLOUD" });
        var tries = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                var key = $"change-seen-{tries++}";
                (await world.JiraAsync($"{source}/exc_seen", Issue, key)).Is("accepted");
                return await world.Database.ScalarAsync<string>("SELECT external_system FROM callbacks WHERE idempotency_key = $1", key) == "JIRA CLOUD";
            },
            World.Limit,
            "the change to be known");

        (await world.JiraAsync($"{source}/exc_system", Issue, "before-change")).Is("accepted", replayed: true);
        Assert.Equal(1, await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key = 'before-change'"));
    }

    [Fact]
    public async Task Without_an_id_the_same_bytes_about_another_exception_are_another_change()
    {
        var source = await world.CreateSourceAsync("jira", settings => settings with { IdempotencyKey = null });

        (await world.JiraAsync($"{source}/exc_bytes_1", Issue, "unread")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_bytes_2", Issue, "unread")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_bytes_2", Issue, "unread")).Is("accepted", replayed: true);
        (await world.JiraAsync($"{source}/a%20b", Issue, "unread")).Is("received");
        (await world.JiraAsync($"{source}/c%20d", Issue, "unread")).Is("received");
        (await world.JiraAsync($"{source}/c%20d", Issue, "unread")).Is("received", replayed: true);
    }

    [Fact]
    public async Task A_key_is_one_contents_whatever_that_becomes()
    {
        var source = await world.CreateSourceAsync("jira");

        (await world.JiraAsync($"{source}/exc_one", Issue, "command-first")).Is("accepted");
        (await world.JiraAsync($"{source}/exc_one", Sprint, "command-first")).Is("ignored");

        (await world.JiraAsync($"{source}/exc_one", Sprint, "told-first")).Is("received");
        (await world.JiraAsync($"{source}/exc_one", Sprint.Replace("7", "8", StringComparison.Ordinal), "told-first")).Is("ignored");
        (await world.JiraAsync($"{source}/exc_one", Issue, "told-first")).Is("ignored");
        (await world.JiraAsync($"{source}/exc_one", Sprint, "told-first")).Is("received", replayed: true);

        Assert.Equal(["command-first"], await world.Database.ColumnAsync<string>("SELECT idempotency_key FROM callbacks WHERE subject_id = 'exc_one'"));
        Assert.Equal(1, await world.Database.ScalarAsync<long>("SELECT count(*) FROM notices WHERE convert_from(data, 'UTF8') LIKE '%' || $1 || '%'", source));
    }

    [Fact]
    public async Task What_was_told_of_becomes_a_command_when_it_comes_again_after_its_mapping_was_mended()
    {
        var source = await world.CreateSourceAsync("jira", settings => settings with { Fields = new Dictionary<string, FieldMapping>(settings.Fields) { ["status"] = new() { Pointers = ["/nowhere"] } } });
        (await world.JiraAsync($"{source}/exc_mended", Issue, "mended")).Is("received");

        await ChangeAsync(source, settings => settings with { Fields = SourceVerifierTests.SettingsOf("jira").Fields });

        await Eventually.TrueAsync(async () => (await world.JiraAsync($"{source}/exc_mended", Issue, "mended")).Text == """{"status":"accepted"}""", World.Limit, "the change to be known");
        Assert.Equal(1, await world.Database.ScalarAsync<long>("SELECT count(*) FROM callbacks WHERE idempotency_key = 'mended'"));
    }

    [Fact]
    public async Task What_is_no_command_counts_among_the_new_keys_of_a_minute()
    {
        var limited = await world.StartIngestAsync(("Webhooks:CallbacksPerMinute", "5"));
        var source = await world.CreateSourceAsync("jira", settings => settings with { ExternalSystem = "COUNTED" });
        await Eventually.TrueAsync(async () => (await limited.SendAsync([], [], token: null, $"/v1/sources/{source}")).Status == 401, World.Limit, "the source to be known");

        foreach (var (number, body) in new[] { Sprint, Issue, Sprint, Issue, Sprint }.Index())
        {
            Assert.Equal(200, (await SendAsync(body, $"counted-{number}")).Status);
        }

        foreach (var body in new[] { Sprint, Issue })
        {
            var refused = await SendAsync(body, "counted-more");
            refused.IsProblem(429, "rate_limited");
            Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        }

        (await SendAsync(Sprint, "counted-0")).Is("received", replayed: true);
        (await limited.SendAsync(IngestClient.Body(system: "COUNTED"), "counted-direct")).IsProblem(429, "rate_limited");

        Task<Answer> SendAsync(string body, string key) => limited.SendAsync(
            SignedWebhooks.Bytes(body), [("X-Hub-Signature", SourceWorld.Sign(body)), ("X-Atlassian-Webhook-Identifier", key)], token: null, $"/v1/sources/{source}/exc_counted");
    }

    private async Task ChangeAsync(string source, Func<SourceSettings, SourceSettings> change)
    {
        Assert.True(PrefixedId.TryParse(PrefixedId.Source, source, out var id));
        await new SourceStore(world.Database, world.Vault).ChangeAsync(
            id, World.Tenant, current => current with { Settings = change(current.Settings) }, Actor.System, CancellationToken.None);
    }

    private static IncomingCallback Callback(Guid sourceId, string system, string key)
    {
        var source = new Source
        {
            Id = sourceId,
            TenantId = World.Tenant,
            Name = "renamed",
            Kind = "jira",
            Settings = SourceVerifierTests.SettingsOf("jira"),
            Secrets = [],
            CreatedAt = default,
            UpdatedAt = default,
        };
        var webhook = new ReceivedWebhook { Query = _ => null, Headers = _ => null, Fingerprint = [1], Body = null };
        var place = SourceKey.Of(source, webhook, ExceptionRoute.Route.Name, key, "exc_renamed");
        return new IncomingCallback
        {
            Route = ExceptionRoute.Route,
            TenantId = World.Tenant,
            SubjectId = "exc_renamed",
            Key = key,
            CommandId = place.CommandId,
            Source = place,
            Fingerprint = place.Fingerprint,
            Body = new CallbackBodyReader(ExceptionRoute.Route, []).Read(SignedWebhooks.Bytes(IngestClient.Body(system: system))),
            ReceivedAt = TimeProvider.System.GetUtcNow(),
            Actor = Actor.System,
            TraceParent = null,
            TraceId = null,
        };
    }
}
