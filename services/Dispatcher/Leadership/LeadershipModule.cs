using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Webhooks.Dispatcher.Leadership;

/// <summary>Registers what makes one dispatcher the leader, and the leader's duties, which each feature adds for itself.</summary>
internal static class LeadershipModule
{
    public static void AddLeadership(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FleetLeadership>();
        builder.Services.AddHostedService<LeaderLoop>();
    }

    /// <param name="services">The service's.</param>
    /// <param name="name">As the log names the duty.</param>
    /// <param name="run">What of a <typeparamref name="T"/> goes on until the leadership ends.</param>
    public static void AddDuty<T>(this IServiceCollection services, string name, Func<T, Func<CancellationToken, Task>> run)
        where T : class =>
        services.AddSingleton<T>().AddSingleton(provider => new LeaderDuty(name, run(provider.GetRequiredService<T>())));
}
