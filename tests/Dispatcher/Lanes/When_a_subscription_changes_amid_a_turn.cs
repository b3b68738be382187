using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>A lane's loop counts by the limits that it knows, reads, and learns only by the look at the rows that there are others.</summary>
public sealed class When_a_subscription_changes_amid_a_turn : IAsyncLifetime
{
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_start_no_more_than_the_new_limit_says()
    {
        await using var receiver = await TestReceiver.StartAsync(_ => Answer.Ok with { Delay = TimeSpan.FromMilliseconds(50) });
        await _world.StartDispatcherAsync();
        var settings = World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 50 };
        var subscription = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, settings);
        await _world.HeldAsync(subscription);
        await _world.AcceptIntoLaneAsync(subscription, count: 10);

        await using (await _world.Database.HoldAsync("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
        {
            await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
            await Eventually.TrueAsync(IsLaneReadAsync, World.Limit, "a turn that counts by the old limit, and reads");
            await _world.ChangeAsync(subscription, current => current with { Settings = current.Settings with { MaxInFlight = 1 } });
        }

        await _world.EndedAsync();
        var attempts = (await _world.AttemptsAsync()).OrderBy(attempt => attempt.StartedAt).ToList();
        Assert.Equal(10, attempts.Count);
        Assert.All(
            attempts.Zip(attempts.Skip(1)),
            pair => Assert.True(pair.Second.StartedAt >= pair.First.EndedAt, $"{pair.Second.StartedAt:O} is before {pair.First.EndedAt:O}"));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task<bool> IsLaneReadAsync() => await _world.Database.ScalarAsync<long>("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%lane_due_at - clock_timestamp()%'
        """) == 1;
}
