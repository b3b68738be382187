using Webhooks.Database.Faults;
using Webhooks.Database.Notifications;

namespace Webhooks.Subscriptions.Caching;

/// <summary>Keeps the cache within a second of every change, whether or not anything asks for it.</summary>
internal sealed class CacheKeeper(SubscriptionCache cache, ConfigListener listener) : ServiceLoop
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => listener.RunAsync(cache.ReloadAsync, stoppingToken);
}
