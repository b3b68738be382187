using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Webhooks.Dispatcher.Clocks;

/// <summary>Registers the time that the dispatcher goes by.</summary>
internal static class ClocksModule
{
    /// <summary>The key of the process's own clock: what signatures carry, and what retention compares with the database's.</summary>
    public const string Wall = "wall";

    public static void AddClocks(this IHostApplicationBuilder builder)
    {
        builder.Services.AddKeyedSingleton(Wall, TimeProvider.System);
        builder.Services.AddSingleton(services => new DatabaseTime(services.GetRequiredKeyedService<TimeProvider>(Wall)));
        builder.Services.AddSingleton<TimeProvider>(services => services.GetRequiredService<DatabaseTime>());
        builder.Services.AddHostedService<ClockKeeper>();
    }
}
