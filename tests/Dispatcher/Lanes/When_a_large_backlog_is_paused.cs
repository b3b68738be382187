using Webhooks.Subscriptions;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

public sealed class When_a_large_backlog_is_paused : IAsyncLifetime
{
    private const int Backlog = 100_000;

    // The lane's index and the due-poller's, in every partition.
    private const string ReadFromIndexes = """
        SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes
        WHERE relname LIKE 'deliveries\_%' AND (indexrelname LIKE '%lane\_due\_at%' OR indexrelname LIKE '%due\_at\_idx%')
        """;

    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync();

    [Fact]
    public async Task Should_cost_nothing_while_it_waits_and_go_on_in_its_order()
    {
        await using var receiver = await TestReceiver.StartAsync();
        await _world.StartDispatcherAsync();
        var subscription = await _world.SubscribeAsync(
            World.Tenant, SubscriptionState.Paused, World.SettingsFor(receiver.Url, "*") with { MaxInFlight = 1 });
        var accepted = await _world.AcceptIntoLaneAsync(subscription, Backlog);
        await _world.HeldAsync(subscription);
        var before = await _world.Database.ScalarAsync<long>(ReadFromIndexes);

        // Many beats, and many more polls of what is due.
        var until = TimeProvider.System.GetUtcNow().AddSeconds(6);
        await Eventually.TrueAsync(
            async () => await _world.Database.ScalarAsync<bool>("SELECT max(alive_until) > $1 FROM dispatchers", until.UtcDateTime), World.Limit, "many beats");

        Assert.InRange(await _world.Database.ScalarAsync<long>(ReadFromIndexes) - before, 0, 100);
        Assert.Equal(0, receiver.Count);
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Active });
        await receiver.WaitForAsync(300, World.Limit);
        await _world.ChangeAsync(subscription, current => current with { State = SubscriptionState.Paused });
        Assert.Equal(accepted.Take(300).Select(delivery => delivery.EventId), receiver.Requests.Take(300).Select(TestEvent.IdOf));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
