using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Attempts.Gone;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>Registers an attempt: rendered, sent, recorded, and what follows.</summary>
internal static class AttemptsModule
{
    public static void AddAttempts(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RequestRenderer>();
        builder.Services.AddSingleton<AttemptRenderer>();
        builder.Services.AddSingleton<AttemptMetrics>();
        builder.Services.AddSingleton<AttemptStore>();
        builder.Services.AddSingleton<GoneSubscriptions>();
        builder.Services.AddSingleton<GoneRecord>();
        builder.Services.AddSingleton<GoneStep>();
        builder.Services.AddSingleton<AttemptRunner>();
        builder.Services.AddSingleton<AfterAttempt>();
        builder.Services.AddSingleton<AttemptWriter>();
        builder.Services.AddHostedService(services => services.GetRequiredService<AttemptWriter>());
    }
}
