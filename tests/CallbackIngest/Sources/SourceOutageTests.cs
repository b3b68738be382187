using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Sources;

public sealed class SourceOutageTests(World world) : IClassFixture<World>
{
    [Fact]
    public async Task While_the_database_is_away_strangers_are_refused_all_the_same_and_webhooks_are_503()
    {
        var source = await world.CreateSourceAsync("jira");
        await using var relay = new TcpRelay(world.Postgres.Host!, world.Postgres.Port);
        var ingest = await world.StartIngestAsync(world.PostgresAt(relay.Port));
        await TestKit.Eventually.TrueAsync(async () => (await ingest.SendAsync([], [], token: null, $"/v1/sources/{source}")).Status == 401, World.Limit, "the source to be known");
        relay.Cut();

        (await ingest.SendAsync("{}"u8.ToArray(), [("X-Hub-Signature", "sha256=00")], token: null, $"/v1/sources/{source}")).IsProblem(401, "unauthenticated");
        (await ingest.SendAsync("{}"u8.ToArray(), [], token: null, "/v1/sources/src_00000000000000000000000000000000")).IsProblem(404, "not_found");
        foreach (var (body, path) in new[] { (SignedWebhooks.Jira, $"{source}/exc_out"), ("{}", source) })
        {
            var answer = await ingest.SendAsync(SignedWebhooks.Bytes(body), [("X-Hub-Signature", SourceWorld.Sign(body)), ("X-Atlassian-Webhook-Identifier", "out")], token: null, $"/v1/sources/{path}");
            answer.IsUnavailable();
        }

        relay.Restore();
        await TestKit.Eventually.TrueAsync(
            async () => (await ingest.SendAsync(SignedWebhooks.Bytes(SignedWebhooks.Jira), [("X-Hub-Signature", SignedWebhooks.JiraSignature), ("X-Atlassian-Webhook-Identifier", "out")], token: null, $"/v1/sources/{source}/exc_out")).Status == 200,
            World.Limit,
            "the same webhook to succeed");
    }
}
