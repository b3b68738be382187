using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Owed;

/// <summary>Registers the noting of how far queues are consumed, and the finding of what never came.</summary>
internal static class OwedModule
{
    public static void AddOwed(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<OwedOptions, OwedOptionsValidator>().BindConfiguration(OwedOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<OwedOptions>>().Value);
        builder.Services.AddSingleton<QueuePositions>();
        builder.Services.AddSingleton<MarkStore>();
        builder.Services.AddSingleton<OwedStore>();
        builder.Services.AddSingleton<FirstAttemptSweep>();
        builder.Services.AddSingleton<OwedMetrics>();
        builder.Services.AddDuty<OwedFinder>("finding of what the broker owes", finder => finder.RunAsync);
        builder.Services.AddHostedService<MarkNoter>();
    }
}
