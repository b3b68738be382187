using System.Globalization;
using System.Net;
using Webhooks.TestKit;

namespace Webhooks.Management.Tests.Replays;

/// <summary>What a recovery is about; the counting asks what the replaying asks.</summary>
public sealed class RecoverTests(ManagementApi api) : IClassFixture<ManagementApi>
{
    [Fact]
    public async Task It_is_about_what_ended_undelivered_in_the_span()
    {
        var (subscription, other) = (await api.SubscribeAsync("span"), await api.SubscribeAsync("span"));
        var start = api.Time.GetUtcNow().AddHours(-3);
        foreach (var (status, minutes) in new[] { ("failed", 0), ("exhausted", 1), ("canceled", 2), ("delivered", 3), ("pending", 4), ("failed", 5) })
        {
            await Ended.DeliveryAsync(api, "span", subscription, status, start.AddMinutes(minutes));
        }

        await Ended.DeliveryAsync(api, "span", other, "failed", start.AddMinutes(1));

        var made = await RecoverAsync(subscription, start, start.AddMinutes(5));

        Assert.Equal(HttpStatusCode.Accepted, made.Status);
        Assert.Equal($$"""{"id":"{{made.Id}}","status":"pending","matched":3,"done":0}""", made.Text);
        Assert.Equal(4, Matched(await RecoverAsync(subscription, start)));
        Assert.Equal(2, Matched(await RecoverAsync(subscription, start.AddMinutes(2), api.Time.GetUtcNow().AddDays(1))));
        var shown = await api.GetAsync($"/v1/replays/{made.Id}");
        Assert.Equal(("recovery", "span"), (shown.Member("kind"), shown.Member("tenant_id")));
        Assert.Equal(subscription.Id, shown.Json.GetProperty("filter").GetProperty("subscription_id").GetString());
    }

    [Theory]
    [InlineData("pending", 0)]
    [InlineData("delivered", 0)]
    [InlineData("failed", 1)]
    [InlineData("canceled", 1)]
    public async Task What_a_replay_has_delivered_or_will_deliver_is_left_out(string replayed, int matched)
    {
        var subscription = await api.SubscribeAsync("again");
        var old = await Ended.DeliveryAsync(api, "again", subscription, "exhausted", api.Time.GetUtcNow().AddHours(-1));
        var replay = await api.PostAsync($"/v1/deliveries/{old.Id}/replay", "");
        if (replayed != "pending")
        {
            await Ended.EndAsync(api, replay.Id, replayed);
        }

        // Of an original and its failed replay the newest.
        Assert.Equal(matched, Matched(await RecoverAsync(subscription, old.CreatedAt)));
        // The replay lies outside the span: the original is all there is in it.
        Assert.Equal(matched, Matched(await RecoverAsync(subscription, old.CreatedAt, old.CreatedAt.AddMinutes(1))));
    }

    [Fact]
    public async Task A_delivery_of_the_event_to_another_subscription_recovers_nothing()
    {
        var (one, two) = (await api.SubscribeAsync("pair"), await api.SubscribeAsync("pair"));
        var accepted = await Deliveries.Accepted.EventAsync(api, "pair", "a", [one.Id, two.Id], api.Time.GetUtcNow().AddHours(-1));
        await Ended.EndAsync(api, accepted.Deliveries[0], "failed");
        await Ended.EndAsync(api, accepted.Deliveries[1], "failed");
        await Ended.EndAsync(api, (await api.PostAsync($"/v1/deliveries/{accepted.Deliveries[0]}/replay", "")).Id, "delivered");

        Assert.Equal(0, Matched(await RecoverAsync(one, accepted.CreatedAt)));
        Assert.Equal(1, Matched(await RecoverAsync(two, accepted.CreatedAt)));
    }

    [Fact]
    public async Task Many_are_counted_in_chunks()
    {
        var subscription = await api.SubscribeAsync("chunks");
        var old = await Ended.DeliveryAsync(api, "chunks", subscription, "exhausted", api.Time.GetUtcNow().AddHours(-1));
        await api.Database.ExecuteAsync(
            """
            INSERT INTO events (created_at, tenant_id, event_id, type, occurred_at, version, data)
            SELECT $1 + place * interval '1 microsecond', 'chunks', 'evt_' || place, 'a', '2024-01-20T10:30:00Z', '1.0', '{}' FROM generate_series(1, 12000) AS place
            """,
            old.CreatedAt.UtcDateTime);
        await api.Database.ExecuteAsync(
            """
            INSERT INTO deliveries (created_at, id, tenant_id, event_id, event_type, subscription_id, revision, status)
            SELECT created_at, gen_random_uuid(), tenant_id, event_id, type, $1, 1, CASE substr(event_id, length(event_id)) WHEN '0' THEN 'delivered' ELSE 'exhausted' END
            FROM events WHERE tenant_id = 'chunks' AND created_at > $2
            """,
            ManagementApi.IdOf(subscription), old.CreatedAt.UtcDateTime);

        var dry = await api.PostAsync("/v1/replays", new { filter = new { subscription_id = subscription.Id, status = "exhausted" }, dry_run = true });

        // At least one statement's, and on a machine that has the time all of them.
        Assert.InRange(Matched(dry), 4_500, 10_801);
        Assert.Equal(dry.Json.GetProperty("complete").GetBoolean(), Matched(dry) == 10_801);
    }

    private Task<Answer> RecoverAsync(Answer subscription, DateTimeOffset since, DateTimeOffset? until = null) =>
        api.PostAsync($"/v1/subscriptions/{subscription.Id}/recover", new { since = Iso(since), until = until is { } end ? Iso(end) : null });

    private static int Matched(Answer answer) => answer.Json.GetProperty("matched").GetInt32();

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
