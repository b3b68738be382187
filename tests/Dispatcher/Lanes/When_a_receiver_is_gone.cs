using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>A delivery of a lane is answered 410, and its record has to wait: what the disabling cancels must not be that delivery.</summary>
public sealed class When_a_receiver_is_gone : IAsyncLifetime
{
    private World _world = null!;
    private TestReceiver _receiver = null!;
    private NpgsqlConnection _stalling = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync(_ => new Answer(410));
        _stalling = await _world.Database.OpenConnectionAsync();
    }

    [Fact]
    public async Task Should_fail_its_own_delivery_and_cancel_the_others()
    {
        await _world.StartDispatcherAsync();
        var subscription = await SubscribeAsync();
        await StallAsync();
        var accepted = await _world.AcceptIntoLaneAsync(subscription, count: 10);
        await _receiver.WaitForAsync(1);

        // Whatever the canceler finds to do by then, it has done.
        await HaveCanceledAnotherAsync();
        await HaveCanceledAnotherAsync();
        await GoOnAsync();

        await _world.EndedAsync();
        Assert.Equal("failed", await StatusAsync(accepted[0]));
        Assert.Equal(9, await _world.Database.ScalarAsync<long>(
            "SELECT count(*) FROM deliveries WHERE subscription_id = $1 AND status = 'canceled'", subscription.Id));
        await AssertDisabledAsync(subscription);
        Assert.Equal(1, _receiver.Count);
    }

    [Fact]
    public async Task Should_ask_it_once_more_when_the_dispatcher_is_killed_before_the_record()
    {
        await using var killed = await _world.StartChildAsync();
        var subscription = await SubscribeAsync();
        await _world.HeldAsync(subscription);
        await StallAsync();
        var accepted = await _world.AcceptIntoLaneAsync(subscription);
        await _receiver.WaitForAsync(1);
        // The answer is read, and its record waits.
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE relation = 'attempts'::regclass AND NOT granted") > 0, World.Limit, "a record that waits");

        await killed.KillAsync();
        await GoOnAsync();
        await _world.StartDispatcherAsync();

        await _world.EndedAsync();
        Assert.Equal("failed", await StatusAsync(accepted[0]));
        await AssertDisabledAsync(subscription);
        Assert.Equal(2, _receiver.Count);
        Assert.Equal("gone", Assert.Single(await _world.AttemptsAsync()).Outcome);
    }

    // Each of them wants to disable the subscription. Those who wait for that must leave connections to others.
    [Fact]
    public async Task Should_record_all_that_were_on_the_wire_and_keep_no_other_waiting()
    {
        const int Sent = 200;
        await using var gone = await HeldReceiver.StartAsync(_ => new Answer(410));
        await using var well = await TestReceiver.StartAsync();
        var dispatcher = await _world.StartDispatcherAsync();
        var outages = 0;
        dispatcher.Services.GetRequiredService<DatabaseGate>().Closed += () => Interlocked.Increment(ref outages);
        var neighbour = await _world.SubscribeAsync(well.Url);
        var subscription = await _world.SubscribeAsync(World.SettingsFor(gone.Requests.Url, "*") with { MaxInFlight = Sent, Timeout = HeldReceiver.Deadline });
        await _world.AcceptIntoLaneAsync(subscription, Sent);
        await gone.Requests.WaitForAsync(Sent);

        gone.Release();
        await _world.DeliverAsync(neighbour, count: 100);

        await _world.HaveAttemptsAsync(Sent + 100);
        await _world.EndedAsync();
        Assert.Equal(0, outages);
        Assert.Equal(100, await CountAsync(neighbour, "status = 'delivered'"));
        Assert.Equal(Sent, await CountAsync(subscription, "status IN ('failed', 'canceled') AND EXISTS (SELECT 1 FROM attempts WHERE delivery_id = id AND outcome = 'gone')"));
        Assert.InRange(await CountAsync(subscription, "status = 'failed'"), 1, Sent);
        await AssertDisabledAsync(subscription);
    }

    // A change of a subscription holds its row while it waits for the broker, an operator for as long as he likes.
    [Fact]
    public async Task Should_disable_another_tenants_while_the_first_is_held()
    {
        await _world.StartDispatcherAsync();
        var (held, other) = (await SubscribeAsync(), await _world.SubscribeAsync("tenant_002", SubscriptionState.Active, Settings));
        await ExecuteAsync($"BEGIN; SELECT 1 FROM subscriptions WHERE id = '{held.Id}' FOR NO KEY UPDATE");
        var waiting = await _world.AcceptIntoLaneAsync(held);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%subscriptions%FOR%UPDATE%'") > 0,
            World.Limit, "a record that waits");

        var accepted = await _world.AcceptIntoLaneAsync(other);

        await Eventually.TrueAsync(async () => await StatusAsync(accepted[0]) == "failed", World.Limit, "the other one's record");
        Assert.Equal("pending", await StatusAsync(waiting[0]));
        await GoOnAsync();
        await _world.EndedAsync();
        await AssertDisabledAsync(held);
        await AssertDisabledAsync(other);
    }

    public async ValueTask DisposeAsync()
    {
        await _stalling.DisposeAsync();
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private SubscriptionSettings Settings => World.SettingsFor(_receiver.Url, "*") with { MaxInFlight = 1 };

    private Task<Subscription> SubscribeAsync() => _world.SubscribeAsync(Settings);

    /// <summary>No attempt is recorded from now on.</summary>
    private Task StallAsync() => ExecuteAsync("BEGIN; LOCK TABLE attempts IN SHARE MODE");

    private Task GoOnAsync() => ExecuteAsync("ROLLBACK");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _stalling);
        await command.ExecuteNonQueryAsync();
    }

    private async Task HaveCanceledAnotherAsync()
    {
        var other = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor(_receiver.Url, "*"));
        var waiting = await _world.AcceptIntoLaneAsync(other);
        await _world.ChangeAsync(other, current => current with { State = SubscriptionState.Disabled });
        await Eventually.TrueAsync(async () => await StatusAsync(waiting[0]) == "canceled", World.Limit, "the canceler to come round");
    }

    private async Task AssertDisabledAsync(Subscription subscription)
    {
        var found = await _world.Subscriptions.FindAsync(subscription.Id, subscription.TenantId, CancellationToken.None);
        Assert.Equal((SubscriptionState.Disabled, "gone"), (found!.State, found.DisabledReason));
    }

    private Task<long> CountAsync(Subscription subscription, string condition) => _world.Database.ScalarAsync<long>(
        $"SELECT count(*) FROM deliveries WHERE subscription_id = $1 AND {condition}", subscription.Id);

    private Task<string> StatusAsync(Accepted delivery) => _world.Database.ScalarAsync<string>("SELECT status FROM deliveries WHERE id = $1", delivery.Id);
}
