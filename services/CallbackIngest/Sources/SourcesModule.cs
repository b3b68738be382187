using Webhooks.Sources.Storage;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>Registers the way of a source's webhook.</summary>
internal static class SourcesModule
{
    public static void AddSources(this WebApplicationBuilder builder)
    {
        builder.AddSecretVault();
        builder.Services.AddSingleton<SourceStore>();
        builder.Services.AddSingleton<SourceCache>();
        builder.Services.AddHostedService<SourceKeeper>();
        builder.Services.AddSingleton<SourceMetrics>();
        builder.Services.AddSingleton<InboundStore>();
        builder.Services.AddSingleton<WebhookCheck>();
        builder.Services.AddSingleton<WebhookReader>();
        builder.Services.AddSingleton<WebhookIntake>();
    }
}
