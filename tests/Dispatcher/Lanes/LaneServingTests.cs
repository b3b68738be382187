using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>What a lane does with its rows, with one dispatcher.</summary>
public sealed class LaneServingTests : IAsyncLifetime
{
    // As long as a busy machine may take to look.
    private static readonly CustomRetry Soon = new() { InitialDelaySeconds = 10, BackoffMultiplier = 1, MaxAttempts = 3 };

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Rows_are_sent_without_a_message_and_leave_the_lane()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver, settings => settings with { MaxInFlight = 10 });

        var accepted = await _world.AcceptIntoLaneAsync(subscription, count: 250);

        await _world.EndedAsync();
        Assert.Equal(accepted.Select(delivery => delivery.EventId).Order(), receiver.Requests.Select(TestEvent.IdOf).Order());
        Assert.Equal(250, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'delivered' AND lane_due_at IS NULL AND due_at IS NULL"));
    }

    [Fact]
    public async Task A_message_puts_its_row_into_the_lane_and_is_not_sent_itself()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver, settings => settings, SubscriptionState.Paused);

        await _world.DeliverAsync(subscription, count: 150);

        await _world.SettledAsync();
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'pending' AND lane_due_at = created_at") == 150,
            World.Limit, "all rows in the lane");
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public async Task What_the_due_poller_announces_as_it_does_replays_goes_into_the_lane()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver, settings => settings, SubscriptionState.Paused);
        var due = (await _world.AcceptAsync(subscription))[0];

        await _world.MakeDueAsync(due, at: due.CreatedAt);

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE lane_due_at = next_attempt_at AND due_at IS NULL") == 1,
            World.Limit, "the row in the lane");
        Assert.Equal(0, receiver.Count);
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
        await _world.EndedAsync();
        Assert.Equal([2], (await _world.AttemptsAsync()).Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task A_retry_waits_in_the_lane_and_has_no_message()
    {
        await using var receiver = await TestReceiver.StartAsync(Answer.InOrder(503, 503, 200));
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver, settings => settings with { MaxInFlight = 1, Retry = Soon });

        await _world.AcceptIntoLaneAsync(subscription);

        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE last_attempt IN (1, 2) AND lane_due_at = next_attempt_at AND due_at IS NULL") == 1,
            World.Limit, "a retry that waits in the lane");
        await _world.EndedAsync();
        Assert.Equal(["delivered"], await _world.DeliveriesAsync<string>("status"));
        var attempts = await _world.AttemptsAsync();
        Assert.Equal([1, 2, 3], attempts.Select(attempt => attempt.Number));
        Assert.All(attempts.Zip(attempts.Skip(1)), pair => Assert.True(pair.Second.StartedAt >= pair.First.NextAttemptAt, $"{pair.Second.StartedAt:O} is before {pair.First.NextAttemptAt:O}"));
    }

    [Fact]
    public async Task What_is_paused_waits_and_goes_on_in_its_order()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver, settings => settings with { MaxInFlight = 1 }, SubscriptionState.Paused);
        var first = await _world.AcceptIntoLaneAsync(subscription, count: 20);
        await _world.HeldAsync(subscription);
        var second = await _world.AcceptIntoLaneAsync(subscription, count: 20);
        Assert.Equal(0, receiver.Count);

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });

        await _world.EndedAsync();
        Assert.Equal(first.Concat(second).Select(delivery => delivery.EventId), receiver.Requests.Select(TestEvent.IdOf));
    }

    [Fact]
    public async Task Never_more_are_in_flight_than_the_limit_says()
    {
        await using var receiver = await HeldReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync(receiver.Requests, settings => settings with { MaxInFlight = 7, Timeout = HeldReceiver.Deadline });
        await _world.AcceptIntoLaneAsync(subscription, count: 50);

        await receiver.Requests.WaitForAsync(7);
        var (inFlight, most) = (0, 0);
        receiver.Requests.AnswerWith = _ =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref inFlight));
            return Answer.Ok with { After = LeaveAsync(() => Interlocked.Decrement(ref inFlight)) };
        };
        Assert.Equal(7, receiver.Requests.Count);
        receiver.Release();

        await _world.EndedAsync();
        Assert.Equal(50, receiver.Requests.Count);
        Assert.InRange(most, 1, 7);
    }

    [Fact]
    public async Task A_subscription_that_is_disabled_has_its_lane_emptied_and_closed()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:00.2"));
        var subscription = await SubscribeAsync(receiver, settings => settings, SubscriptionState.Paused);
        await _world.AcceptIntoLaneAsync(subscription, count: 120);
        await _world.HeldAsync(subscription);

        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Disabled });

        await _world.HaveStatusAsync("canceled", 120);
        await Eventually.TrueAsync(async () => await _world.LanesAsync() == 0, World.Limit, "the lane to be closed");
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE lane_due_at IS NOT NULL"));
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public async Task A_lane_that_is_not_needed_any_more_is_closed_and_what_is_due_later_is_announced()
    {
        var isMended = false;
        await using var receiver = await TestReceiver.StartAsync(_ => new Answer(isMended ? 200 : 503));
        await _world.StartDispatcherAsync(("Webhooks:Lanes:IdleTime", "00:00:00.2"), World.NoBreaker);
        var retry = new CustomRetry { InitialDelaySeconds = 600, BackoffMultiplier = 1, MaxAttempts = 5 };
        var subscription = await SubscribeAsync(receiver, settings => settings with { MaxInFlight = 3, Retry = retry });
        await _world.AcceptIntoLaneAsync(subscription, count: 5);
        await _world.HaveAttemptsAsync(5);

        await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { MaxInFlight = null } });

        await Eventually.TrueAsync(async () => await _world.LanesAsync() == 0, World.Limit, "the lane to be closed");
        Assert.Equal(5, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE due_at = next_attempt_at AND lane_due_at IS NULL"));
        isMended = true;
        await _world.Database.ExecuteAsync("UPDATE deliveries SET next_attempt_at = now(), due_at = now()");
        await _world.EndedAsync();
        Assert.Equal(5, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'delivered' AND last_attempt = 2"));

        // From now on messages serve it again.
        await _world.DeliverAsync(subscription);
        await _world.HaveStatusAsync("delivered", 6);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<Subscription> SubscribeAsync(TestReceiver receiver, Func<SubscriptionSettings, SubscriptionSettings> with, SubscriptionState state = SubscriptionState.Active) =>
        _world.SubscribeAsync(World.Tenant, state, with(World.SettingsFor(receiver.Url, "*")));

    // It takes a while to answer, and is over before the sender can know.
    private static async Task LeaveAsync(Action leave)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(5));
        leave();
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = Volatile.Read(ref most))
        {
        }
    }
}
