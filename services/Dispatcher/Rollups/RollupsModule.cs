using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Rollups;

/// <summary>Registers the counting of attempts by minute, and the adding up of minutes to hours.</summary>
internal static class RollupsModule
{
    public static void AddRollups(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MinuteStore>();
        builder.Services.AddDuty<RollupKeeper>("adding up of hours", keeper => keeper.RunAsync);
    }
}
