using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Broker;
using Webhooks.Broker.Topology;

namespace Webhooks.Publisher.Notices;

/// <summary>Registers the way of a notice: accept as an event, publish, delete.</summary>
internal static class NoticesModule
{
    /// <summary>
    /// The key of the notices' own publisher. Its connection is apart: queues that neighbours have bound may confirm late or
    /// never, and the announcements of deliveries must not wait behind them.
    /// </summary>
    public const string Notifying = "notifying";

    public static void AddNotices(this IHostApplicationBuilder builder)
    {
        builder.Services.AddKeyedSingleton(Notifying, (services, _) => services.GetRequiredService<BrokerLinks>().PublisherToOthers(
            Notifying, BrokerTopology.DeclareNotificationsAsync));
        builder.Services.AddSingleton<NoticeStore>();
        builder.Services.AddKeyedSingleton(Notifying, (services, _) => services.GetRequiredService<BrokerLinks>().LonePublisher("notifying singly"));
        builder.Services.AddSingleton<NotificationPublisher>();
        builder.Services.AddSingleton<AcceptingTurn>();
        builder.Services.AddSingleton<PublishingTurn>();
        builder.Services.AddHostedService<NoticeLoop<AcceptingTurn>>();
        builder.Services.AddHostedService<NoticeLoop<PublishingTurn>>();
    }
}
