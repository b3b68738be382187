using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Webhooks.Sending;

/// <summary>Registers <see cref="WebhookSender"/> and <see cref="UrlRules"/> with their options.</summary>
public static class SendingModule
{
    public static IHostApplicationBuilder AddSending(this IHostApplicationBuilder builder)
    {
        builder.Services
            .AddOptionsWithValidateOnStart<SendingOptions, SendingOptionsValidator>()
            .BindConfiguration(SendingOptions.Section);

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new UrlRules(services.GetRequiredService<IOptions<SendingOptions>>().Value));
        builder.Services.AddSingleton(services => new WebhookSender(
            services.GetRequiredService<IOptions<SendingOptions>>().Value, services.GetRequiredService<TimeProvider>()));
        return builder;
    }
}
