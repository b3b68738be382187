using Npgsql;
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

    public async ValueTask DisposeAsync()
    {
        await _stalling.DisposeAsync();
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    private Task<Subscription> SubscribeAsync() => _world.SubscribeAsync(World.SettingsFor(_receiver.Url, "*") with { MaxInFlight = 1 });

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
        var found = await _world.Subscriptions.FindAsync(subscription.Id, World.Tenant, CancellationToken.None);
        Assert.Equal((SubscriptionState.Disabled, "gone"), (found!.State, found.DisabledReason));
    }

    private Task<string> StatusAsync(Accepted delivery) => _world.Database.ScalarAsync<string>("SELECT status FROM deliveries WHERE id = $1", delivery.Id);
}
