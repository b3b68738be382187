using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.DuePolling;

/// <summary>Registers the announcing of deliveries that are due and have no message.</summary>
internal static class DuePollingModule
{
    public static void AddDuePolling(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DueStore>();
        builder.Services.AddDuty<DuePoller>("announcing of what is due", poller => poller.RunAsync);
    }
}
