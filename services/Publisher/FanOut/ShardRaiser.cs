using Microsoft.Extensions.Hosting;
using Webhooks.Database.Faults;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.FanOut;

/// <summary>Raises the fleet's shard count to this service's configuration, before anything is announced.</summary>
internal sealed class ShardRaiser(PublisherOptions options, SettingsStore settings, SubscriptionCache cache, DatabaseGate database) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.RunAsync(
        async token =>
        {
            // The database may have gone away since the migrations.
            await settings.RaiseShardsAsync(options.Shards, token);
            await cache.ReloadAsync(token);
            return true;
        },
        cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
