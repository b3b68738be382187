using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;
using Webhooks.Database.Settings;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.FanOut;

/// <summary>Raises the fleet's shard count to this service's configuration, before anything is announced.</summary>
internal sealed class ShardRaiser(
    PublisherOptions options, SettingsStore settings, SubscriptionCache cache, NpgsqlDataSource database, TimeProvider clock, ILogger<ShardRaiser> logger)
    : StepAtStart("the raising of the number of shards", database, clock, logger)
{
    protected override async Task TakeAsync(CancellationToken cancellationToken)
    {
        await settings.RaiseShardsAsync(options.Shards, cancellationToken);
        await cache.ReloadAsync(cancellationToken);
    }
}
