using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Queues;

/// <summary>Registers the counting and the watching of our queues.</summary>
internal static class QueuesModule
{
    public static void AddQueues(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<QueueCounts>();
        builder.Services.AddSingleton<RetryQueues>();
        builder.Services.AddSingleton<QueueMetrics>();
        builder.Services.AddDuty<QueueWatch>("watching of queues", watch => watch.RunAsync);
    }
}
