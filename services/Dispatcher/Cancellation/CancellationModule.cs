using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Leadership;

namespace Webhooks.Dispatcher.Cancellation;

/// <summary>Registers the canceling of what waits for subscriptions that take nothing any more.</summary>
internal static class CancellationModule
{
    public static void AddCancellation(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CancelStore>();
        builder.Services.AddSingleton<Cancels>();
        builder.Services.AddDuty<Canceler>("canceling", canceler => canceler.RunAsync);
    }
}
