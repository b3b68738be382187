using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Deliveries.Reading;
using Webhooks.Dispatcher.Shares;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Registers the way of a delivery that a message announces: taken in hand, looked at, worked on.</summary>
internal static class DeliveriesModule
{
    public static void AddDeliveries(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddSingleton<DeliveryStore>();
        builder.Services.AddSingleton<OldRevisions>();
        builder.Services.AddSingleton<DeliveryReads>();
        builder.Services.AddSingleton<HandOver>();
        builder.Services.AddSingleton<MessageSlots>();
        builder.Services.AddSingleton<RetryPace>();
        builder.Services.AddSingleton<AfterLook>();
        builder.Services.AddSingleton<DeliveryWork>();
        builder.Services.AddSingleton<DeliveryGroups>();
        builder.Services.AddSingleton<ShardLoops>();
        builder.Services.AddHostedService<Dispatch>();
    }
}
