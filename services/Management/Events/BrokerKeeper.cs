using Webhooks.Broker.Publishing;
using Webhooks.Database.Faults;

namespace Webhooks.Management.Events;

/// <summary>
/// Keeps the publishing connection open while nobody publishes. Without it a service whose connection was lost would
/// stay unready, get no requests for that reason, and so never connect again.
/// </summary>
internal sealed class BrokerKeeper(ConfirmedPublisher publisher, TimeProvider clock) : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            await publisher.WhenReadyAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
