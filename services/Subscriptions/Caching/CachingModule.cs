using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Webhooks.Subscriptions.Caching;

/// <summary>Registers the cache of the services that match and send.</summary>
public static class CachingModule
{
    public static void AddSubscriptionCache(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SubscriptionCache>();
        builder.Services.AddHostedService<CacheKeeper>();
    }
}
