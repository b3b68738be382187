using Microsoft.Extensions.DependencyInjection;
using Webhooks.Database.Auditing;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;
using Webhooks.Subscriptions.Storage;
using Webhooks.TestKit;

namespace Webhooks.Publisher.Tests.Caching;

/// <summary>The cache that Publisher and Dispatcher share, as a running service keeps it.</summary>
public sealed class SubscriptionCacheTests : IAsyncLifetime
{
    private World _world = null!;
    private SubscriptionCache _cache = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await World.CreateAsync();
        _cache = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
    }

    [Fact]
    public async Task A_running_service_knows_every_change_within_a_second()
    {
        var publisher = await _world.StartPublisherAsync();
        var cache = publisher.Services.GetRequiredService<SubscriptionCache>();
        await Promptly.MostAsync(TimeSpan.FromSeconds(1), rounds: 5, async () =>
        {
            var subscription = await _world.SubscribeAsync("a.b");
            var answered = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(() => cache.Current.ById.ContainsKey(subscription.Id), World.Limit, "the new subscription");
            var known = TimeProvider.System.GetElapsedTime(answered);

            await _world.Subscriptions.DisableAsync(subscription.Id, "test", CancellationToken.None);
            answered = TimeProvider.System.GetTimestamp();
            await Eventually.TrueAsync(() => cache.Current.ById[subscription.Id].State == SubscriptionState.Disabled, World.Limit, "the disabled subscription");
            var disabled = TimeProvider.System.GetElapsedTime(answered);
            return known > disabled ? known : disabled;
        });
    }

    [Fact]
    public async Task Who_asks_for_a_version_gets_it_with_all_that_came_before()
    {
        var subscription = await _world.SubscribeAsync("a.b");

        var snapshot = await _cache.AtLeastAsync(subscription.ConfigVersion, CancellationToken.None);

        Assert.True(snapshot.Version >= subscription.ConfigVersion);
        Assert.Equal(subscription.Id, Assert.Single(snapshot.Index.Match(World.Tenant, "a.b")).Id);
    }

    [Fact]
    public async Task A_deleted_subscription_matches_nothing_and_is_still_known()
    {
        var subscription = await _world.SubscribeAsync("a.b");
        await _cache.LoadedAsync(CancellationToken.None);
        var deleted = await ChangeAsync(subscription, current => current with { Deleted = true });

        var snapshot = await _cache.AtLeastAsync(deleted.ConfigVersion, CancellationToken.None);

        Assert.Empty(snapshot.Index.Match(World.Tenant, "a.b"));
        Assert.True(snapshot.ById[subscription.Id].Deleted);
    }

    [Fact]
    public async Task Nothing_is_missed_while_many_change_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            var subscription = await _world.SubscribeAsync($"a.b{number}");
            var snapshot = await _cache.AtLeastAsync(subscription.ConfigVersion, CancellationToken.None);
            Assert.Equal(subscription.Id, Assert.Single(snapshot.Index.Match(World.Tenant, $"a.b{number}")).Id);
        }));

        Assert.Equal(40, _cache.Current.ById.Count);
    }

    [Fact]
    public async Task A_snapshot_never_changes()
    {
        var subscription = await _world.SubscribeAsync("a.b");
        var before = await _cache.AtLeastAsync(subscription.ConfigVersion, CancellationToken.None);

        var changed = await ChangeAsync(subscription, current => current with { Settings = current.Settings with { EventTypes = ["c.d"] } });
        var after = await _cache.AtLeastAsync(changed.ConfigVersion, CancellationToken.None);

        Assert.Equal((1, 1), (before.ById[subscription.Id].Revision, before.Index.Match(World.Tenant, "a.b").Count));
        Assert.Equal((2, 0), (after.ById[subscription.Id].Revision, after.Index.Match(World.Tenant, "a.b").Count));
    }

    public async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        await _world.DisposeAsync();
    }

    private async Task<Subscription> ChangeAsync(Subscription subscription, Func<Subscription, Subscription> change)
    {
        await using var started = await _world.Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None);
        return await started!.SaveAsync(change(started.Current), Actor.System, CancellationToken.None);
    }
}
