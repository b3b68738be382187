using Webhooks.Database.Faults;
using Webhooks.Database.Notifications;

namespace Webhooks.Api.Tokens;

/// <summary>Keeps the tokens in memory within a second of every change.</summary>
internal sealed class TokenKeeper(TokenCache tokens, ConfigListener listener) : ServiceLoop
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => listener.RunAsync(tokens.ReloadAsync, stoppingToken);
}
