using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Retention;

/// <summary>Whole days go once all of them is older than the retention, and take nothing along that counts.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const int RetentionDays = 30;

    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
    }

    [Fact]
    public async Task What_waits_is_canceled_as_expired_and_never_sent_and_then_the_day_goes_and_lowers_no_account()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var old = await PastDay.CreateAsync(_world, RetentionDays + 2);
        // Its last hours are younger.
        var kept = await PastDay.CreateAsync(_world, RetentionDays);
        await old.AcceptAsync(subscription, "delivered", 5, "evt_done_");
        await old.AcceptAsync(subscription, "exhausted", 3, "evt_given_up_");
        var waiting = await old.AcceptAsync(subscription, "pending", 2_500, "evt_waiting_");
        await kept.AcceptAsync(subscription, "delivered", 1, "evt_kept_");
        Assert.Equal((2_509, 6, 0, 3, 0, 2_500), await AccountsAsync());

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("canceled", 2_500);
        Assert.Equal(3, (await old.LeftAsync()).Count);
        await _world.AnnounceAsync(waiting.Take(3));
        await old.GoneAsync();
        await _world.AnnounceAsync(waiting.Take(3));
        await _world.AnnounceAsync(waiting.Take(3), number: 2);
        await _world.DeliverAsync(subscription);

        await _world.EndedAsync();
        Assert.Single(await _receiver.WaitForAsync(1));
        Assert.Empty(await _world.ParkedAsync());
        Assert.Equal((2_510, 7, 0, 3, 2_500, 0), await AccountsAsync());
        Assert.Equal(3, (await kept.LeftAsync()).Count);
        Assert.Equal(["evt_kept_1"], await _world.Database.ColumnAsync<string>("SELECT event_id FROM event_keys"));
        Assert.Equal(2, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries"));
        Assert.Equal(
            (2_500, old.Day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)),
            ((int)await _world.Database.ScalarAsync<long>("SELECT sum((details::json->>'canceled')::int) FROM audit WHERE action = 'deliveries.expired' AND details::json->>'reason' = 'expired' AND actor = 'system'"),
                await _world.Database.ScalarAsync<string>("SELECT DISTINCT details::json->>'accepted_on' FROM audit WHERE action = 'deliveries.expired'")));
    }

    // The subscription's, the parked and the replay's rows are in no day's partition.
    [Fact]
    public async Task Old_parked_messages_and_replays_that_have_ended_go_and_the_younger_and_unfinished_stay()
    {
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO parked (id, created_at, reason, detail, properties, body)
            SELECT gen_random_uuid(), now() - age, 'not_json', age::text, '', '' FROM unnest('{31 days, 29 days}'::interval[]) AS age;
            INSERT INTO parked (id, created_at, reason, detail, properties, body)
            SELECT gen_random_uuid(), now() - interval '40 days', 'not_json', 'many', '', '' FROM generate_series(1, 1200);
            INSERT INTO replays (id, statuses, until, recovers, requested_by, status, matched, counted, created_at, updated_at, finished_at)
            SELECT gen_random_uuid(), '{failed}', now(), false, name, status, 0, true, now() - age, now() - age, CASE status WHEN 'done' THEN now() - age END
            FROM (VALUES ('old', 'done', interval '31 days'), ('young', 'done', interval '29 days')) AS replay (name, status, age);
            """);

        await _world.StartDispatcherAsync();

        await Eventually.TrueAsync(async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM replays") == 1, World.Limit, "the old replay to go");
        Assert.Equal(["young"], await _world.Database.ColumnAsync<string>("SELECT requested_by FROM replays"));
        Assert.Equal(["29 days"], await _world.Database.ColumnAsync<string>("SELECT detail FROM parked"));
    }

    [Fact]
    public async Task Nothing_goes_after_a_leap_of_time_until_somebody_could_look_into_it()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url);
        var old = await PastDay.CreateAsync(_world, RetentionDays + 2);
        await old.AcceptAsync(subscription, "pending", 1, "evt_waiting_");
        // As a database that was restored a month later has it, or a clock that was set a month ahead.
        await _world.Database.ExecuteAsync("UPDATE settings SET value = value - 31 * 86400 WHERE name = 'retention_seen'");
        await _world.Database.ExecuteAsync(
            """
            INSERT INTO delivery_minutes (subscription_id, minute, measure, writer, count) VALUES (gen_random_uuid(), date_trunc('minute', now()) - interval '40 days', 200, 1, 1);
            INSERT INTO delivery_hours (subscription_id, hour, measure, count) VALUES (gen_random_uuid(), date_trunc('hour', now()) - interval '40 days', 200, 1);
            """);

        await _world.StartDispatcherAsync();

        await Eventually.TrueAsync(async () => await SettingAsync("retention_held_until") > 0, World.Limit, "the leap to be noticed");
        var noticed = await SettingAsync("retention_seen");
        await Eventually.TrueAsync(async () => await SettingAsync("retention_seen") > noticed, World.Limit, "one more round");
        Assert.Equal(["pending"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(3, (await old.LeftAsync()).Count);
        Assert.Equal(2, await FiguresAsync());

        await _world.Database.ExecuteAsync("UPDATE settings SET value = extract(epoch FROM now())::bigint WHERE name = 'retention_held_until'");
        await _world.HaveStatusAsync("canceled", 1);
        await Eventually.TrueAsync(async () => await FiguresAsync() == 0, World.Limit, "the old figures to go");
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<long> SettingAsync(string name) => _world.Database.ScalarAsync<long>("SELECT value FROM settings WHERE name = $1", name);

    private Task<long> FiguresAsync() => _world.Database.ScalarAsync<long>("SELECT (SELECT count(*) FROM delivery_minutes) + (SELECT count(*) FROM delivery_hours)");

    /// <summary>What GET /v1/accounting adds up.</summary>
    private async Task<(long Matched, long Delivered, long Failed, long Exhausted, long Canceled, long Pending)> AccountsAsync()
    {
        await using var command = _world.Database.CreateCommand(
            """
            SELECT sum(matched)::bigint, sum(delivered)::bigint, sum(failed)::bigint, sum(exhausted)::bigint, sum(canceled)::bigint
            FROM (SELECT * FROM accounting_totals UNION ALL SELECT * FROM accounting_deltas) AS counted
            """);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        var (matched, delivered, failed, exhausted, canceled) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
        return (matched, delivered, failed, exhausted, canceled, matched - delivered - failed - exhausted - canceled);
    }
}
