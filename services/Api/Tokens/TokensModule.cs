using Microsoft.Extensions.Options;

namespace Webhooks.Api.Tokens;

/// <summary>Registers the tokens: in memory, kept up to date, their use noted.</summary>
internal static class TokensModule
{
    public static void AddTokens(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<AdminTokenOptions>().BindConfiguration(AdminTokenOptions.Section);
        services.AddSingleton<IValidateOptions<AdminTokenOptions>, AdminTokenOptionsValidator>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<TokenUsage>();
        services.AddHostedService<TokenUsageKeeper>();
        services.AddSingleton<TokenCache>();
        services.AddHostedService<TokenKeeper>();
    }
}
