using System.Text;
using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Health;
using Webhooks.Dispatcher.Rollups;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Health;

/// <summary>A delivery that open breakers have kept waiting for a day is exhausted, without another attempt.</summary>
public sealed class HeldDeliveryTests : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task A_day_behind_an_open_breaker_exhausts_and_tells_why()
    {
        var subscription = await OpenAsync("25 hours");
        var (first, retried) = (await _world.AcceptAsync(subscription), await _world.AcceptAsync(subscription));
        await WaitedAsync(first[0], "25 hours");
        await WaitedAsync(retried[0], "25 hours", lastAttempt: 3);

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("exhausted", 2);
        Assert.Empty(await _world.AttemptsAsync());
        Assert.Equal(
            [
                (first[0].Id, "held_too_long", 0, "timed_out", "The receiver was down, and this delivery has waited for it for 24 hours."),
                (retried[0].Id, "held_too_long", 3, "timed_out", "The receiver was down, and this delivery has waited for it for 24 hours."),
            ],
            (await NoticesAsync()).Select(notice => (Guid.Parse(notice.DeliveryId[4..]), notice.Reason, notice.Attempts, notice.Outcome, notice.Error!)));
        // 201: exhausted. 210: of those, the ones that had been retried.
        Assert.Equal([2, 1], await _world.Database.ColumnAsync<int>("SELECT count FROM delivery_minutes ORDER BY measure"));
        Assert.Equal(2, await _world.Database.ScalarAsync<long>(
            "SELECT (SELECT coalesce(sum(exhausted), 0) FROM accounting_deltas)::bigint + (SELECT coalesce(sum(exhausted), 0) FROM accounting_totals)::bigint"));
    }

    [Fact]
    public async Task Waiting_begins_when_it_is_due_and_the_breaker_is_open()
    {
        var (opened, openedLately) = (await OpenAsync("30 hours"), await OpenAsync("23 hours"));
        var (dueLately, waitsForItsTurn, behindTheLate) = (await _world.AcceptAsync(opened), await _world.AcceptAsync(opened), await _world.AcceptAsync(openedLately));
        await WaitedAsync(dueLately[0], "23 hours");
        await WaitedAsync(waitsForItsTurn[0], "-1 hour");
        await WaitedAsync(behindTheLate[0], "30 hours");
        var due = await _world.AcceptAsync(opened);
        await WaitedAsync(due[0], "24 hours");

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("exhausted", 1);
        Assert.Equal(["pending", "pending", "pending", "exhausted"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task Earlier_waiting_counts()
    {
        var subscription = await OpenAsync("1 hour");
        var accepted = await _world.AcceptAsync(subscription, count: 2);
        await WaitedAsync(accepted[0], "1 hour", held: "23 hours 1 second");
        await WaitedAsync(accepted[1], "1 hour", held: "22 hours");

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("exhausted", 1);
        Assert.Equal(["exhausted", "pending"], await _world.DeliveriesAsync<string>("status"));
    }

    [Fact]
    public async Task Many_are_ended_in_chunks_and_what_is_not_due_among_them_stays()
    {
        var subscription = await OpenAsync("2 days");
        await _world.AcceptAsync(subscription, count: 2_500);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET lane_due_at = now() - CASE WHEN seq % 5 = 0 THEN interval '1 hour' ELSE interval '25 hours' END");

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("exhausted", 2_000);
        await _world.HaveStatusAsync("pending", 500);
        Assert.Equal(2_000, (await NoticesAsync()).Count);
    }

    [Fact]
    public async Task Nothing_is_ended_while_what_a_slow_start_sent_may_be_on_the_wire()
    {
        var subscription = await OpenAsync("25 hours");
        var accepted = await _world.AcceptAsync(subscription);
        await WaitedAsync(accepted[0], "25 hours");
        var store = new HoldStore(_world.Database, new MinuteStore(_world.Database));
        var breaker = Assert.Single(await store.FindOpenAsync(CancellationToken.None));

        await _world.Database.ExecuteAsync("UPDATE subscription_health SET reopened_at = clock_timestamp()");
        Assert.Equal(0, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));

        await _world.Database.ExecuteAsync("UPDATE subscription_health SET reopened_at = clock_timestamp() - interval '41 seconds'");
        Assert.Equal(1, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_pause_is_no_waiting_for_the_receiver()
    {
        var subscription = await OpenAsync("3 days");
        var accepted = await _world.AcceptAsync(subscription);
        await WaitedAsync(accepted[0], "3 days");
        await _world.Database.ExecuteAsync("UPDATE subscription_health SET reopened_at = clock_timestamp() - interval '41 seconds'");
        var store = new HoldStore(_world.Database, new MinuteStore(_world.Database));

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Paused });
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });

        // Still open, for the receiver is the same.
        var breaker = Assert.Single(await store.FindOpenAsync(CancellationToken.None));
        Assert.Equal(0, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));

        await _world.Database.ExecuteAsync("UPDATE subscription_health SET opened_at = now() - interval '25 hours'");
        breaker = Assert.Single(await store.FindOpenAsync(CancellationToken.None));
        Assert.Equal(1, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));
    }

    // By the clock of the dispatcher that sends it, which may be ahead.
    [Fact]
    public async Task Nothing_is_ended_when_a_probe_is_near()
    {
        var subscription = await OpenAsync("25 hours");
        await WaitedAsync((await _world.AcceptAsync(subscription))[0], "25 hours");
        var store = new HoldStore(_world.Database, new MinuteStore(_world.Database));
        var breaker = Assert.Single(await store.FindOpenAsync(CancellationToken.None));

        await _world.Database.ExecuteAsync("UPDATE subscription_health SET probe_at = clock_timestamp() + interval '9 seconds'");
        Assert.Equal(0, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));

        await _world.Database.ExecuteAsync("UPDATE subscription_health SET probe_at = clock_timestamp() + interval '5 minutes'");
        Assert.Equal(1, await store.ExhaustAsync(breaker, TimeSpan.FromHours(24), limit: 10, CancellationToken.None));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    /// <summary>A subscription whose breaker has been open for so long, and whose next probe is far away.</summary>
    private async Task<Subscription> OpenAsync(string since)
    {
        var subscription = await _world.SubscribeAsync("https://receiver.example/");
        await _world.Database.ExecuteAsync(
            $"""
            INSERT INTO subscription_health (subscription_id, state, reason, unsuccessful, failures, opened_at, probe_at, wait)
            VALUES ($1, 'open', 'timed_out', 5, 5, now() - interval '{since}', now() + interval '1 hour', interval '5 minutes')
            """,
            subscription.Id);
        await _world.Database.ExecuteAsync("INSERT INTO lanes (subscription_id, reason) VALUES ($1, 'breaker')", subscription.Id);
        return subscription;
    }

    private Task WaitedAsync(Accepted delivery, string since, int lastAttempt = 0, string held = "0") => _world.Database.ExecuteAsync(
        $"""
        UPDATE deliveries SET lane_due_at = now() - interval '{since}', last_attempt = $3, held = nullif(interval '{held}', interval '0')
        WHERE created_at = $1 AND id = $2
        """,
        delivery.CreatedAt.UtcDateTime, delivery.Id, lastAttempt);

    private async Task<IReadOnlyList<EndedDelivery>> NoticesAsync() =>
        [.. (await _world.Database.ColumnAsync<byte[]>("SELECT data FROM notices WHERE type = 'delivery.exhausted' ORDER BY seq"))
            .Select(data => JsonSerializer.Deserialize<EndedDelivery>(Encoding.UTF8.GetString(data))!)];
}
