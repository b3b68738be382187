using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Retention;

/// <summary>Registers the taking away of what is old.</summary>
internal static class RetentionModule
{
    public static void AddRetention(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<RetentionOptions, RetentionOptionsValidator>().BindConfiguration(RetentionOptions.Section);
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<RetentionOptions>>().Value);
        builder.Services.AddSingleton<RetentionClockStore>();
        builder.Services.AddSingleton<PartitionStore>();
        builder.Services.AddSingleton<ExpiryStore>();
        builder.Services.AddSingleton<SweepStore>();
        builder.Services.AddSingleton<DayExpiry>();
        builder.Services.AddDuty<RetentionKeeper>("taking away of what is old", keeper => keeper.RunAsync);
    }
}
