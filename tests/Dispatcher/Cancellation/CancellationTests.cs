using Npgsql;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Cancellation;

/// <summary>A subscription that is disabled or deleted is sent nothing more, and what waits for it ends as canceled.</summary>
public sealed class CancellationTests : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private Subscription _subscription = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync();
        _subscription = await _world.SubscribeAsync(_receiver.Url);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disabling_or_deleting_cancels_what_waits_and_nothing_of_others(bool delete)
    {
        var waiting = await _world.AcceptAsync(_subscription, count: 1_200);
        await _world.Database.ExecuteAsync("UPDATE deliveries SET last_attempt = 1, next_attempt_at = now() + interval '1 hour', due_at = now() + interval '1 hour'");
        await _world.Database.ExecuteAsync("UPDATE deliveries SET status = 'delivered' WHERE id = $1", waiting[0].Id);
        var other = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.StartDispatcherAsync();

        await _world.ChangeAsync(_subscription, current => delete ? current with { Deleted = true } : current with { State = SubscriptionState.Disabled });

        await _world.HaveStatusAsync("canceled", waiting.Count - 1);
        Assert.Equal(["delivered", .. Enumerable.Repeat("canceled", waiting.Count - 1), "pending"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(0, await _world.Database.ScalarAsync<long>("SELECT count(*) FROM deliveries WHERE status = 'canceled' AND (due_at IS NOT NULL OR next_attempt_at IS NOT NULL OR finished_at IS NULL)"));
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscriptions WHERE canceled_until = cancel_before") == 1, World.Limit, "the intent to be carried out");
        Assert.Equal(0, _receiver.Count);

        await _world.AnnounceAsync(other);
        await _world.EndedAsync();
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task One_whose_row_is_held_holds_up_no_other()
    {
        var other = await _world.SubscribeAsync(_receiver.Url);
        await _world.AcceptAsync(_subscription);
        await _world.AcceptAsync(other);
        await _world.ChangeAsync(_subscription, current => current with { State = SubscriptionState.Disabled });
        await _world.ChangeAsync(other, current => current with { State = SubscriptionState.Disabled });
        await using var holding = await _world.Database.HoldAsync("SELECT FROM subscriptions WHERE id = $1 FOR UPDATE", _subscription.Id);

        await _world.StartDispatcherAsync();

        await _world.HaveStatusAsync("canceled", 2);
        await CarriedOutAsync(1);
        await holding.DisposeAsync();
        await CarriedOutAsync(2);

        Task CarriedOutAsync(int intents) => Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM subscriptions WHERE canceled_until = cancel_before") == intents,
            World.Limit, $"{intents} intents to be carried out");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_announced_after_disabling_or_deleting_is_canceled_and_not_sent(bool delete)
    {
        await _world.StartDispatcherAsync();
        await _world.DeliverAsync(_subscription);
        await _world.EndedAsync();
        var accepted = await _world.AcceptAsync(_subscription, count: 50);

        // The next statement is the announcement: nothing but the look can know of it already.
        await _world.ChangeAsync(_subscription, current => delete ? current with { Deleted = true } : current with { State = SubscriptionState.Disabled });
        await _world.AnnounceAsync(accepted);

        await _world.EndedAsync();
        Assert.Equal(["delivered", .. Enumerable.Repeat("canceled", 50)], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task What_was_accepted_before_stays_canceled_when_the_subscription_is_active_again()
    {
        await _world.StartDispatcherAsync();
        var before = await _world.AcceptAsync(_subscription);
        await _world.Subscriptions.DisableAsync(_subscription.Id, "test", CancellationToken.None);
        await _world.ChangeAsync(_subscription, current => current with { State = SubscriptionState.Active, DisabledReason = null });
        var after = await _world.AcceptAsync(_subscription);

        await _world.AnnounceAsync([.. before, .. after]);

        await _world.EndedAsync();
        Assert.Equal(["canceled", "delivered"], await _world.DeliveriesAsync<string>("status"));
        Assert.Equal(after[0].EventId, TestEvent.IdOf(Assert.Single(_receiver.Requests)));
    }

    [Fact]
    public async Task Gone_disables_the_subscription_and_cancels_what_waits()
    {
        _receiver.AnswerWith = _ => new Answer(410);
        await _world.StartDispatcherAsync();
        var waiting = await _world.AcceptAsync(_subscription, count: 10);

        await _world.DeliverAsync(_subscription);

        await _world.EndedAsync();
        Assert.Equal([.. Enumerable.Repeat("canceled", 10), "failed"], await _world.DeliveriesAsync<string>("status"));
        var subscription = await _world.Subscriptions.FindAsync(_subscription.Id, World.Tenant, CancellationToken.None);
        Assert.Equal((SubscriptionState.Disabled, "gone"), (subscription!.State, subscription.DisabledReason));
        Assert.Equal("gone", Assert.Single(await _world.AttemptsAsync()).Outcome);

        await _world.AnnounceAsync(waiting);
        await _world.SettledAsync();
        Assert.Equal(1, _receiver.Count);
    }

    // The canceler of a large backlog holds a thousand rows at a time, and their messages find them still pending.
    [Fact]
    public async Task Many_whose_rows_are_held_leave_the_connections_to_others()
    {
        var waiting = await _world.AcceptAsync(_subscription, count: 200);
        var other = await _world.AcceptAsync(await _world.SubscribeAsync(_receiver.Url));
        await _world.ChangeAsync(_subscription, current => current with { State = SubscriptionState.Disabled });
        await using var holding = await _world.Database.HoldAsync("SELECT FROM deliveries WHERE subscription_id = $1 FOR UPDATE", _subscription.Id);
        await _world.StartDispatcherAsync();

        await _world.AnnounceAsync(waiting);
        await Eventually.TrueAsync(async () => await WaitingForLocksAsync() >= 2, World.Limit, "the canceler and the messages to wait for the rows");
        await _world.AnnounceAsync(other);

        await _world.HaveStatusAsync("delivered", 1);
        Assert.Equal(2, await WaitingForLocksAsync());
        await holding.DisposeAsync();
        await _world.HaveStatusAsync("canceled", waiting.Count);
        await _world.SettledAsync();
    }

    [Fact]
    public async Task What_ends_between_its_finding_and_its_canceling_does_not_end_the_canceling()
    {
        var accepted = await _world.AcceptAsync(_subscription, count: 4);
        var store = new CancelStore(_world.Database);
        var intent = new CancelIntent(_subscription.Id, accepted[^1].CreatedAt);
        await using var session = await _world.Database.OpenConnectionAsync();
        await using var recording = await session.BeginTransactionAsync();
        await using var record = new NpgsqlCommand("UPDATE deliveries SET status = 'delivered' WHERE id = ANY($1)", session)
        {
            Parameters = { new() { Value = accepted.Take(2).Select(delivery => delivery.Id).ToArray() } },
        };
        await record.ExecuteNonQueryAsync();

        var canceling = store.CancelAsync(intent, after: null, limit: 2, CancellationToken.None);
        await Eventually.TrueAsync(async () => await WaitingForLocksAsync() == 1, World.Limit, "the canceling to wait for the record");
        await recording.CommitAsync();

        var place = await canceling;
        Assert.Equal(new DeliveryKey(accepted[1].CreatedAt, accepted[1].Id), place);
        place = await store.CancelAsync(intent, place, limit: 2, CancellationToken.None);
        Assert.Null(await store.CancelAsync(intent, place, limit: 2, CancellationToken.None));
        Assert.Equal(["delivered", "delivered", "canceled", "canceled"], await _world.DeliveriesAsync<string>("status"));
    }

    [Theory]
    [InlineData(200, "delivered")]
    [InlineData(500, "canceled")]
    [InlineData(400, "canceled")]
    public Task An_attempt_on_the_wire_may_still_deliver_what_was_canceled_and_nothing_else(int status, string ends) => WhileTheyHang.IsSeenAsync(async world =>
    {
        await using var receiver = await HeldReceiver.StartAsync(_ => new Answer(status));
        var subscription = await world.SubscribeAsync(receiver.Requests.Url, timeout: HeldReceiver.Deadline);
        await world.StartDispatcherAsync();
        await world.DeliverAsync(subscription);
        await receiver.Requests.WaitForAsync(1);

        await world.Subscriptions.DisableAsync(subscription.Id, "test", CancellationToken.None);
        var wrong = await WhileTheyHang.LookAsync(
            world, receiver.Requests, () => world.DeliveriesAsync<string>("status"), statuses => statuses.SequenceEqual(["canceled"]));
        if (wrong is not null)
        {
            return "not canceled";
        }

        receiver.Release();

        await world.HaveAttemptsAsync(1);
        await world.SettledAsync();
        Assert.Equal([ends], await world.DeliveriesAsync<string>("status"));
        Assert.Equal([true], await world.DeliveriesAsync<bool>("finished_at IS NOT NULL AND next_attempt_at IS NULL AND due_at IS NULL"));
        Assert.Equal(1, receiver.Requests.Count);
        return null;
    });

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<long> WaitingForLocksAsync() => _world.Database.ScalarAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
}
