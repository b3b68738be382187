using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Parking;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Migrations;
using Webhooks.Publisher.Events;
using Webhooks.Publisher.Suspects;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Publisher.FanOut;

/// <summary>Registers the way of an event: intake, fan-out, announcement.</summary>
internal static class FanOutModule
{
    // Two large groups in hand: enough that the next group is always there, little enough for a standby to take over soon. Never
    // change it: what a larger one gave back, a smaller one could not take at once, and what came back next would stand behind.
    private const ushort Prefetch = 1_000;

    public static void AddFanOut(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<PublisherOptions, PublisherOptionsValidator>().BindConfiguration(PublisherOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<PublisherOptions>>().Value);
        builder.Services.AddSingleton<FanOutMetrics>();
        builder.Services.AddSingleton(services => new ParkedMetrics(services.GetRequiredService<IMeterFactory>(), FanOutMetrics.MeterName));
        builder.Services.AddSingleton<FanOutStore>();
        builder.Services.AddSingleton<EventIntake>();
        builder.Services.AddSingleton<FanOutTurn>();
        builder.Services.AddSingleton<SuspectStore>();
        builder.Services.AddSingleton<SuspectTrial>();

        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().Publisher(
            "announcing", channel => DeclareAsync(channel, services)));
        builder.Services.AddSingleton(services => services.GetRequiredService<BrokerLinks>().Consumer(
            new ConsumedQueue(BrokerNames.PublisherQueue, Prefetch, InOrder: true), channel => DeclareAsync(channel, services)));

        builder.Services.AddHostedService<ShardRaiser>();
        builder.Services.AddHostedService<FanOutLoop>();
    }

    private static async Task DeclareAsync(IChannel channel, IServiceProvider services)
    {
        await services.GetRequiredService<MigratedSchema>().WhenThereAsync();
        var config = await services.GetRequiredService<SubscriptionCache>().LoadedAsync(CancellationToken.None);
        await BrokerTopology.DeclareAsync(channel, config.Shards);
    }
}
