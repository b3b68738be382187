using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Dispatcher.Lanes.Reading;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Dispatcher.Lanes.Starting;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>Registers what serves subscriptions from their rows.</summary>
internal static class LanesModule
{
    // Beside what messages may have in flight.
    private const int Slots = 2_000;

    public static void AddLanes(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<LaneOptions, LaneOptionsValidator>().BindConfiguration(LaneOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<LaneOptions>>().Value);
        builder.Services.AddSingleton<Lease>();
        builder.Services.AddSingleton<Contact>();
        builder.Services.AddSingleton<LeaseKeeper>();
        builder.Services.AddSingleton<LeaseWatch>();
        builder.Services.AddSingleton<LaneStore>();
        builder.Services.AddSingleton<HeadStore>();
        builder.Services.AddSingleton<LaneOpeningStore>();
        builder.Services.AddSingleton<LaneOpenings>();
        builder.Services.AddSingleton<LaneClosingStore>();
        builder.Services.AddSingleton<LaneIntake>();
        builder.Services.AddSingleton<LaneMetrics>();
        builder.Services.AddSingleton<LaneReads>();
        builder.Services.AddSingleton<LaneWork>();
        builder.Services.AddSingleton<LaneExit>();
        builder.Services.AddSingleton(new LaneSlots(Slots));
        builder.Services.AddSingleton<LaneTools>();
        builder.Services.AddSingleton<ServedLanes>();
        builder.Services.AddHostedService<LaneOwner>();
        builder.Services.AddHostedService<LaneSignals>();
    }
}
