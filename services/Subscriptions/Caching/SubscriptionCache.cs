using System.Collections.Immutable;
using Webhooks.Database.Faults;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Secrets;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Subscriptions.Caching;

/// <summary>
/// The configuration in memory. Readers see one snapshot at a time; whoever has read a newer configuration version in a
/// transaction asks for <see cref="AtLeastAsync"/> and waits until the cache has it.
/// </summary>
public sealed class SubscriptionCache(SubscriptionStore store, SettingsStore settings) : IDisposable
{
    private readonly SemaphoreSlim _reloading = new(1, 1);
    private ConfigSnapshot _current = new(Version: 0, Shards: 1, SubscriptionIndex.Empty, ImmutableDictionary<Guid, Subscription>.Empty);

    public ConfigSnapshot Current => Volatile.Read(ref _current);

    public void Dispose() => _reloading.Dispose();

    /// <summary>A snapshot that holds every change up to <paramref name="version"/>.</summary>
    public async ValueTask<ConfigSnapshot> AtLeastAsync(long version, CancellationToken cancellationToken)
    {
        while (Current.Version < version)
        {
            await ReloadAsync(cancellationToken);
        }

        return Current;
    }

    /// <summary>A snapshot that holds every change that was committed before the call.</summary>
    public async Task<ConfigSnapshot> FreshAsync(CancellationToken cancellationToken)
    {
        await ReloadAsync(cancellationToken);
        return Current;
    }

    /// <summary>The first snapshot or a later one.</summary>
    public ValueTask<ConfigSnapshot> LoadedAsync(CancellationToken cancellationToken) => AtLeastAsync(1, cancellationToken);

    /// <summary>Loads what has changed since the last time; cheap when nothing has.</summary>
    /// <exception cref="UnreadableConfigException">It asks for what this process does not have.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _reloading.WaitAsync(cancellationToken);
        try
        {
            // The version is read first: changes that come while the rows are read are read again next time, never missed.
            var fleet = await settings.ReadAsync(cancellationToken);
            var before = _current;
            if (fleet.ConfigVersion == before.Version && fleet.Shards == before.Shards)
            {
                return;
            }

            var changed = new List<Subscription>();
            await foreach (var subscription in store.LoadChangedAsync(before.Version, cancellationToken))
            {
                changed.Add(subscription);
            }

            Volatile.Write(ref _current, new ConfigSnapshot(
                fleet.ConfigVersion,
                fleet.Shards,
                before.Index.With(changed),
                With(before.ById, changed)));
        }
        catch (Exception fault) when (fault is SecretSealedException or InvalidOperationException && !DatabaseFault.IsOurs(fault))
        {
            throw new UnreadableConfigException(fault);
        }
        finally
        {
            _reloading.Release();
        }
    }

    // Nothing asks for what is deleted and has no lane: whoever finds no subscription to a delivery cancels it.
    private static ImmutableDictionary<Guid, Subscription> With(ImmutableDictionary<Guid, Subscription> before, List<Subscription> changed)
    {
        var gone = changed.Where(subscription => subscription is { Deleted: true, HasLane: false }).Select(subscription => subscription.Id);
        return before.SetItems(changed.Select(subscription => KeyValuePair.Create(subscription.Id, subscription))).RemoveRange(gone);
    }
}
