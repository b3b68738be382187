using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Webhooks.Subscriptions.Health;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Storage;

/// <summary>Registers the subscriptions' store and the vault that opens their secrets.</summary>
public static class StorageModule
{
    public static void AddSubscriptionStore(this IHostApplicationBuilder builder)
    {
        builder.AddSecretVault();
        builder.Services.AddSingleton<SecretReencryption>();
        builder.Services.AddSingleton<SubscriptionStore>();
        builder.Services.AddSingleton<HealthReader>();
    }

    /// <summary>For a service that opens secrets and has nothing to do with subscriptions.</summary>
    public static void AddSecretVault(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptionsWithValidateOnStart<SecretKeyOptions>().BindConfiguration(SecretKeyOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<SecretKeyOptions>, SecretKeyOptionsValidator>();
        builder.Services.AddSingleton<SecretVault>();
        builder.Services.AddSingleton<SecretKeyCheck>();
        builder.Services.AddHostedService<SecretKeyCheckAtStart>();
    }
}
