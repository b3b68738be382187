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
    public async Task Deleted_subscriptions_are_forgotten_as_soon_as_they_have_no_lane()
    {
        var paused = await _world.SubscribeAsync(World.Tenant, SubscriptionState.Paused, World.SettingsFor("https://receiver.example/", "a.b"));
        List<Subscription> subscriptions = [paused, await _world.SubscribeAsync("a.b"), await _world.SubscribeAsync("a.b")];
        Assert.Equal(3, (await _cache.LoadedAsync(CancellationToken.None)).ById.Count);
        foreach (var subscription in subscriptions)
        {
            await ChangeAsync(subscription, current => current with { Deleted = true });
        }

        using var other = new SubscriptionCache(_world.Subscriptions, new SettingsStore(_world.Database));
        foreach (var cache in (SubscriptionCache[])[_cache, other])
        {
            // Whoever holds its lane cancels what is in it.
            var snapshot = await cache.FreshAsync(CancellationToken.None);
            Assert.Empty(snapshot.Index.Match(World.Tenant, "a.b"));
            Assert.True(Assert.Single(snapshot.ById).Value is { Deleted: true, HasLane: true } kept && kept.Id == paused.Id);
        }

        await CloseLaneAsync(paused);

        Assert.Empty((await _cache.FreshAsync(CancellationToken.None)).ById);
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

    /// <summary>As its holder does.</summary>
    private async Task CloseLaneAsync(Subscription subscription)
    {
        await _world.Database.ExecuteAsync("DELETE FROM lanes WHERE subscription_id = $1", subscription.Id);
        await _world.Database.ExecuteAsync($"WITH {ConfigVersion.Next} UPDATE subscriptions SET config_version = version.value FROM version WHERE id = $1", subscription.Id);
    }

    private async Task<Subscription> ChangeAsync(Subscription subscription, Func<Subscription, Subscription> change)
    {
        await using var started = await _world.Subscriptions.BeginChangeAsync(subscription.Id, tenantId: null, CancellationToken.None);
        return await started!.SaveAsync(change(started.Current), Actor.System, CancellationToken.None);
    }
}
