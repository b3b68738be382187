using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Broker;
using Webhooks.Broker.Topology;
using Webhooks.Database.Migrations;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Retries;

/// <summary>Registers the announcing of next attempts, through delay queues.</summary>
internal static class RetriesModule
{
    public static void AddRetries(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DelayQueues>();
        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().LonePublisher("proving"));
        builder.Services.AddSingleton<RetryAnnouncer>();
        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().Publisher("announcing", async channel =>
        {
            await services.GetRequiredService<MigratedSchema>().WhenThereAsync();
            var config = await services.GetRequiredService<SubscriptionCache>().LoadedAsync(CancellationToken.None);
            await BrokerTopology.DeclareAsync(channel, config.Shards);
            await services.GetRequiredService<DelayQueues>().DeclareAsync(channel, KnownDelays.Of(config.ById.Values));
        }));
    }
}
