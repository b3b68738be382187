using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Broker.Parking;
using Webhooks.Dispatcher.Attempts;

namespace Webhooks.Dispatcher.Parking;

/// <summary>Registers the putting aside of messages that nobody can work on, and the way of the parking queue into the table.</summary>
internal static class ParkingModule
{
    public static void AddParking(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ParkedStore>();
        builder.Services.AddSingleton(services => new ParkedMetrics(services.GetRequiredService<IMeterFactory>(), DispatcherTelemetry.Name));
        builder.Services.AddSingleton<DeliveryParking>();
        builder.Services.AddHostedService<ParkingLoop>();
    }
}
