using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Webhooks.Dispatcher.Health;

/// <summary>Registers what is known of receivers and what follows from it.</summary>
internal static class HealthModule
{
    public static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<BreakerOptions, BreakerOptionsValidator>().BindConfiguration(BreakerOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<BreakerOptions>>().Value);
        builder.Services.AddSingleton<HealthStore>();
        builder.Services.AddSingleton<HealthLanes>();
        builder.Services.AddSingleton<LongFailures>();
        builder.Services.AddSingleton<LongHolds>();
        builder.Services.AddSingleton<HoldStore>();
    }
}
