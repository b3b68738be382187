using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Health;

/// <summary>Registers what is known of receivers and what follows from it.</summary>
internal static class HealthModule
{
    public static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<BreakerOptions, BreakerOptionsValidator>().BindConfiguration(BreakerOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<BreakerOptions>>().Value);
        builder.Services.AddSingleton<HealthStore>();
        builder.Services.AddSingleton<HoldStore>();
        builder.Services.AddDuty<HealthLanes>("opening of lanes for breakers", lanes => lanes.RunAsync);
        builder.Services.AddDuty<LongFailures>("disabling of what fails for days", failures => failures.RunAsync);
        builder.Services.AddDuty<LongHolds>("ending of what was held for too long", holds => holds.RunAsync);
    }
}
