using Webhooks.Database.Faults;
using Webhooks.Database.Notifications;

namespace Webhooks.CallbackIngest.Sources;

/// <summary>Keeps the sources in memory within a second of every change.</summary>
internal sealed class SourceKeeper(SourceCache sources, ConfigListener listener) : ServiceLoop
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => listener.RunAsync(sources.ReloadAsync, stoppingToken);
}
