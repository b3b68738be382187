using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.CallbackIngest.Tests.Outages;

public sealed class OutageTests(World world) : IClassFixture<World>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_broker_is_away_it_is_503_soon_and_the_same_request_succeeds_later(bool silent)
    {
        var key = $"broker-{silent}";
        await using var relay = new TcpRelay(new Uri(world.RabbitMq).Host, new Uri(world.RabbitMq).Port);
        var ingest = await world.StartIngestAsync(world.RabbitMqAt(relay.Port));
        Break(relay, silent);

        await IsUnavailableAsync(ingest, key);

        relay.Restore();
        await SucceedsLaterAsync(ingest, key);
        await ingest.ReadinessIsAsync(200);
        await world.StatusIsAsync(key, "accepted");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_database_is_away_it_is_503_soon_and_the_same_request_succeeds_later(bool silent)
    {
        var key = $"database-{silent}";
        await using var relay = new TcpRelay(world.Postgres.Host!, world.Postgres.Port);
        var ingest = await world.StartIngestAsync(world.PostgresAt(relay.Port));
        Break(relay, silent);

        await IsUnavailableAsync(ingest, key);
        // Who may not call costs the database nothing, and so does not notice.
        (await ingest.SendAsync(IngestClient.Body(), key, token: null)).IsProblem(401, "unauthenticated");
        (await ingest.SendAsync(IngestClient.Body(), key, "whk_never_made_by_anybody_000000")).IsProblem(401, "unauthenticated");
        (await ingest.SendAsync(IngestClient.Body(), key, World.ReadToken)).IsProblem(403, "forbidden");
        (await ingest.SendAsync("{", key)).IsProblem(400, "malformed_json");

        relay.Restore();
        await SucceedsLaterAsync(ingest, key);
        await ingest.ReadinessIsAsync(200);
        await world.StatusIsAsync(key, "accepted");
    }

    [Fact]
    public async Task Readiness_follows_a_broker_that_stops_without_a_word_within_five_seconds()
    {
        await using var relay = new TcpRelay(new Uri(world.RabbitMq).Host, new Uri(world.RabbitMq).Port);
        var ingest = await world.StartIngestAsync(world.RabbitMqAt(relay.Port));
        await ingest.ReadinessIsAsync(200);
        await Promptly.MostAsync(TimeSpan.FromSeconds(5), rounds: 3, async () =>
        {
            var started = TimeProvider.System.GetTimestamp();
            relay.FallSilent();

            await ingest.ReadinessIsAsync(503);
            var noticed = TimeProvider.System.GetElapsedTime(started);

            relay.Restore();
            await ingest.ReadinessIsAsync(200);
            return noticed;
        });
    }

    private static void Break(TcpRelay relay, bool silent)
    {
        if (silent)
        {
            relay.FallSilent();
        }
        else
        {
            relay.Cut();
        }
    }

    private static async Task IsUnavailableAsync(IngestClient ingest, string key)
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async number => (await ingest.SendSoonAsync(number == 0 ? key : $"{key}-{number}")).IsUnavailable()));
        await ingest.ReadinessIsAsync(503);
    }

    // In doubt whether the first try got through, the key belongs to it until its lease ends.
    private async Task SucceedsLaterAsync(IngestClient ingest, string key) => await Eventually.TrueAsync(
        async () =>
        {
            var answer = await ingest.SendAsync(IngestClient.Body(), key);
            if (answer.Status == 409)
            {
                await world.EndLeaseAsync(key);
            }

            Assert.True(answer.Status is 200 or 409 or 503, answer.Text);
            return answer.Status == 200;
        },
        World.Limit,
        "the callback to be accepted");
}
