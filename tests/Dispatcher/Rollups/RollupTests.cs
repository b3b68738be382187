using Webhooks.Dispatcher.Rollups;
using Webhooks.Sending;
using Webhooks.Sending.Measures;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Rollups;

/// <summary>The minutes say what the attempts and deliveries say, whoever wrote them and whatever went wrong.</summary>
public sealed class RollupTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Two_dispatchers_count_exactly_what_they_record()
    {
        const int Deliveries = 60;
        await using var receiver = await TestReceiver.StartAsync();
        var copies = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        receiver.AnswerWith = request => request.Path switch
        {
            "/ok" => Answer.Ok,
            "/refuses" => new Answer(404),
            "/recovers" => copies.AddOrUpdate(TestEvent.IdOf(request), 1, (_, before) => before + 1) == 1 ? new Answer(503) : Answer.Ok,
            _ => new Answer(500),
        };
        await _world.StartDispatcherAsync(World.NoBreaker);
        await _world.StartDispatcherAsync(World.NoBreaker);
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 2), World.Limit, "both dispatchers to consume");

        foreach (var path in new[] { "/ok", "/refuses", "/recovers", "/fails" })
        {
            var retry = new CustomRetry { MaxAttempts = 2, InitialDelaySeconds = 0.1 };
            await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url + path, retry), Deliveries);
        }

        await _world.EndedAsync();
        await AssertOutcomesAgreeAsync();
        Assert.Equal(Deliveries, await CountAsync(Measure.Failed));
        Assert.Equal(Deliveries, await CountAsync(Measure.Exhausted));
        Assert.Equal(2 * Deliveries, await CountAsync(Measure.Retried));
        Assert.Equal(Deliveries, await CountAsync(Measure.RetriedDelivered));
        Assert.Equal(2 * Deliveries, await DeliveredAsync());
        Assert.Equal(2, await _world.Database.ScalarAsync<long>("SELECT count(DISTINCT writer) FROM delivery_minutes"));
    }

    [Fact]
    public async Task An_attempt_that_another_one_recorded_is_not_counted()
    {
        const int Deliveries = 20;
        await using var receiver = await HeldReceiver.StartAsync();
        var accepted = await _world.AcceptAsync(await _world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline), Deliveries);
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 2), World.Limit, "both dispatchers to consume");

        // The queue hands one copy to each of its two consumers.
        foreach (var delivery in accepted)
        {
            await _world.AnnounceAsync([delivery]);
            await _world.AnnounceAsync([delivery]);
        }

        await receiver.Requests.WaitForAsync(Deliveries + 1);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal((Deliveries, Deliveries), (await CountAsync(Measure.Attempts(AttemptOutcome.Succeeded)), await DeliveredAsync()));
    }

    [Fact]
    public async Task What_cannot_be_counted_is_not_recorded()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.Database.ExecuteAsync("CREATE SEQUENCE tries");
        await _world.Database.ExecuteAsync("ALTER TABLE delivery_minutes ADD CONSTRAINT nothing CHECK (nextval('tries') < 0)");
        await _world.StartDispatcherAsync();

        await _world.DeliverAsync(await _world.SubscribeAsync(receiver.Url));

        await Eventually.TrueAsync(async () => await _world.Database.ScalarAsync<long>("SELECT last_value FROM tries") > 1, World.Limit, "the record to be tried twice");
        Assert.Equal((1, 0, "pending"), (receiver.Count, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts"), Assert.Single(await _world.DeliveriesAsync<string>("status"))));
        await _world.Database.ExecuteAsync("ALTER TABLE delivery_minutes DROP CONSTRAINT nothing");
        await _world.EndedAsync();
        await AssertOutcomesAgreeAsync();
        Assert.Equal(1, await DeliveredAsync());
    }

    [Fact]
    public async Task An_hour_is_added_up_once_when_it_is_over_and_nobody_can_write_into_it()
    {
        var subscription = Guid.NewGuid();
        var now = DateTimeOffset.UtcNow;
        var hour = now.UtcDateTime.Date.AddHours(now.Hour - 3);
        await _world.Database.ExecuteAsync("UPDATE settings SET value = extract(epoch FROM $1)::bigint WHERE name = 'hours_until'", hour);
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO delivery_minutes (subscription_id, minute, measure, writer, count)
            SELECT $1, $2 + minutes * interval '1 minute', 200, writer, 10 FROM generate_series(0, 179) AS minutes, generate_series(1, 2) AS writer
            """,
            subscription, hour);

        // One of them was added up before, and that is forgotten: from a backup, perhaps.
        await _world.Database.ExecuteAsync("INSERT INTO delivery_hours (subscription_id, hour, measure, count) VALUES ($1, $2, 200, 7)", subscription, hour);

        var store = new MinuteStore(_world.Database);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (await store.FoldHourAsync(CancellationToken.None))
            {
            }
        }));

        // The last hour was over for less than ten minutes, or for more: depends on when the test runs.
        var until = await _world.Database.ScalarAsync<long>("SELECT value FROM settings WHERE name = 'hours_until'");
        var folded = (int)(DateTimeOffset.FromUnixTimeSeconds(until) - hour).TotalHours;
        Assert.InRange(folded, 2, 3);
        Assert.Equal(Enumerable.Repeat(1200L, folded), await _world.Database.ColumnAsync<long>("SELECT count FROM delivery_hours WHERE subscription_id = $1", subscription));
        Assert.Equal(360, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM delivery_minutes"));
    }

    [Fact]
    public async Task What_is_older_than_the_retention_time_goes()
    {
        await _world.Database.ExecuteAsync(
            "INSERT INTO delivery_minutes (subscription_id, minute, measure, writer, count) SELECT gen_random_uuid(), date_trunc('minute', now()) - days * interval '1 day', 200, 1, 1 FROM generate_series(0, 9) AS days");
        await _world.Database.ExecuteAsync(
            "INSERT INTO delivery_hours (subscription_id, hour, measure, count) SELECT gen_random_uuid(), date_trunc('hour', now()) - days * interval '1 day', 200, 1 FROM generate_series(0, 9) AS days");

        await _world.StartDispatcherAsync(("Webhooks:RetentionDays", "5"));

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT (SELECT count(*) FROM delivery_minutes) + (SELECT count(*) FROM delivery_hours)") == 10,
            World.Limit, "what is older than five days to go");
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM delivery_minutes WHERE minute < now() - interval '5 days 1 minute'"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<long> CountAsync(short measure) =>
        _world.Database.ScalarAsync<long>("SELECT coalesce(sum(count), 0)::bigint FROM delivery_minutes WHERE measure = $1", measure);

    private Task<long> DeliveredAsync() =>
        _world.Database.ScalarAsync<long>("SELECT coalesce(sum(count), 0)::bigint FROM delivery_minutes WHERE measure < $1", (short)LatencyBuckets.Count);

    private async Task AssertOutcomesAgreeAsync()
    {
        foreach (var outcome in Enum.GetValues<AttemptOutcome>())
        {
            Assert.Equal(
                await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE outcome = $1", outcome.ToWireName()),
                await CountAsync(Measure.Attempts(outcome)));
        }
    }
}
