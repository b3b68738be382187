using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Replays;

/// <summary>Registers the carrying out of replays.</summary>
internal static class ReplaysModule
{
    public static void AddReplays(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ReplayStore>();
        builder.Services.AddSingleton<ReplayBacklog>();
        builder.Services.AddDuty<Replayer>("replaying", replayer => replayer.RunAsync);
    }
}
