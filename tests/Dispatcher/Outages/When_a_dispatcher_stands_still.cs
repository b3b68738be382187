using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Retries;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Outages;

/// <summary>A process that is stopped keeps its sessions, and what they have locked.</summary>
public sealed class When_a_dispatcher_stands_still : IAsyncLifetime
{
    // It may keep the others waiting for three seconds, and the machine has other things to do; but for no half a minute.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(25);

    private World _world = null!;
    private TestReceiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _receiver = await TestReceiver.StartAsync(_ => new Answer(500));
    }

    [Fact]
    public async Task Should_let_the_others_record_what_waits_for_its_rows_and_record_its_own_when_it_goes_on()
    {
        var subscription = await _world.SubscribeAsync(_receiver.Url, new CustomRetry { MaxAttempts = 1, InitialDelaySeconds = 1 });
        await using var still = await _world.StartChildAsync(World.NoBreaker);
        await _world.DeliverAsync(subscription);
        await _world.EndedAsync();

        await FreezeAmidARecordAsync(still, subscription);
        var other = await _world.StartDispatcherAsync(World.NoBreaker);
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 2), World.Limit, "the other one to consume");
        // Each waits for the receiver's row. Some are handed to the one that stands still.
        await _world.DeliverAsync(subscription, count: 100);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts") > 1, Soon, "the other one to record an attempt");

        still.Thaw();

        await _world.EndedAsync();
        Assert.Equal(102, (await _world.AttemptsAsync()).Select(attempt => attempt.DeliveryId).Distinct().Count());
        Assert.All(await _world.DeliveriesAsync<string>("status"), status => Assert.Equal("exhausted", status));
        Assert.Null(other.FatalFault);
        await Eventually.TrueAsync(async () => await _world.ConsumersAsync() == World.ConsumersOf(dispatchers: 2), World.Limit, "both to consume");
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _world.DisposeAsync();
    }

    /// <summary>With an attempt, its delivery and the receiver's health written, and not committed.</summary>
    private async Task FreezeAmidARecordAsync(ServiceChild dispatcher, Subscription subscription)
    {
        await using var holding = await _world.Database.HoldAsync("SELECT FROM subscription_health WHERE subscription_id = $1 FOR UPDATE", subscription.Id);
        await _world.DeliverAsync(subscription);
        await Eventually.TrueAsync(async () => await RecordsAsync("wait_event_type = 'Lock'") > 0, World.Limit, "the record to wait for the receiver's health");
        dispatcher.Freeze();
        await holding.DisposeAsync();
        // Until PostgreSQL ends the session, which a busy machine may not see.
        await Eventually.TrueAsync(async () => await RecordsAsync("state = 'active'") == 0, World.Limit, "the record to be left half done");
    }

    private Task<long> RecordsAsync(string isSo) => _world.Database.ScalarAsync<long>($"""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND {isSo} AND query LIKE '%subscription_health%'
        """);
}
