using Webhooks.Database.Auditing;
using Webhooks.Database.Settings;
using Webhooks.Publisher.FanOut;
using Webhooks.Publisher.Notices;
using Webhooks.Publisher.Tests.Notices;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.FanOut;

/// <summary>How long it takes to find out who gets an event is not for us to say: nothing is held meanwhile.</summary>
public sealed class PlanningTests : IAsyncLifetime
{
    private World _world = null!;
    private SubscriptionCache _cache = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _cache = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
        await _world.SubscribeAsync("a.b", "webhook.delivery_exhausted");
    }

    [Fact]
    public async Task An_event_is_planned_before_its_transaction() =>
        Assert.Single((await WithoutAnyTransactionAsync(() => Store.AcceptAsync([Event], CancellationToken.None))).Deliveries);

    [Fact]
    public async Task A_notice_is_planned_before_its_transaction()
    {
        await new Told(_world).LeaveAsync(Told.Exhausted(1));
        await using var session = await new NoticeStore(_world.Database, Store, _cache).TryBeginAsync(NoticeStep.Accepting, CancellationToken.None);
        var notices = await session!.ReadAsync(limit: 1, CancellationToken.None);

        Assert.Equal(new AcceptedNotices(1, 1), await WithoutAnyTransactionAsync(() => session.AcceptAsync(notices, CancellationToken.None)));
    }

    [Fact]
    public async Task Whoever_is_disabled_before_the_event_is_accepted_does_not_get_it()
    {
        var other = await _world.SubscribeAsync("a.b");
        var config = await _cache.FreshAsync(CancellationToken.None);
        var plan = FanOutPlan.Of([Event], new HashSet<EventKey>(), config.Index, most: 10, CancellationToken.None);
        Assert.Equal(2, plan[0].Takers.Count);
        // Active again, it takes what is accepted from now on; and by its time this event will be.
        await ChangeStateAsync(other, SubscriptionState.Disabled);
        await ChangeStateAsync(other, SubscriptionState.Active);

        await using var connection = await _world.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var deliveries = await Store.AcceptAsync(connection, plan, config.Version, dueAtOnce: false, CancellationToken.None);

        Assert.NotEqual(other.Id, Assert.Single(deliveries).SubscriptionId);
    }

    public async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        await _world.DisposeAsync();
    }

    private FanOutStore Store => new(_world.Database, _cache);

    private async Task ChangeStateAsync(Subscription subscription, SubscriptionState state)
    {
        await using var change = await _world.Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None);
        await change!.SaveAsync(change!.Current with { State = state }, Actor.System, CancellationToken.None);
    }

    private static AcceptedEvent Event => new()
    {
        Id = "evt_1",
        Type = "a.b",
        TenantId = World.Tenant,
        Timestamp = TestEvent.Timestamp,
        Version = "1.0",
        Data = "{}"u8.ToArray(),
    };

    /// <summary>Keeps the subscriptions from being read until it has seen that nothing is held for that long.</summary>
    private async Task<T> WithoutAnyTransactionAsync<T>(Func<Task<T>> accept)
    {
        await using var locking = await _world.Database.OpenConnectionAsync();
        await using var transaction = await locking.BeginTransactionAsync();
        await using (var command = locking.CreateCommand())
        {
            command.CommandText = "LOCK TABLE subscriptions";
            await command.ExecuteNonQueryAsync();
        }

        var accepting = accept();
        await Eventually.TrueAsync(async () => await CountAsync("wait_event_type = 'Lock'") == 1, World.Limit, "the reading to wait");
        Assert.Equal(0, await CountAsync($"state LIKE 'idle in transaction%' AND pid <> {locking.ProcessID}"));

        await transaction.RollbackAsync();
        return await accepting;
    }

    private Task<long> CountAsync(string which) =>
        _world.Database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {which}");
}
