using Microsoft.Extensions.Hosting;
using Webhooks.Dispatcher.Accounting;
using Webhooks.Dispatcher.Cancellation;
using Webhooks.Dispatcher.DuePolling;
using Webhooks.Dispatcher.Replays;
using Webhooks.Dispatcher.Rollups;

namespace Webhooks.Dispatcher.Leadership;

/// <summary>What the leader does besides dispatching.</summary>
internal sealed class LeaderLoop(FleetLeadership leadership, DuePoller duePoller, Canceler canceler, Replayer replayer, AccountingFold accounting, RollupKeeper rollups)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leadership.RunAsync(LeadAsync, stoppingToken);

    private async Task LeadAsync(CancellationToken leading)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(leading);
        var duties = new[] { duePoller.RunAsync(both.Token), canceler.RunAsync(both.Token), replayer.RunAsync(both.Token), accounting.RunAsync(both.Token), rollups.RunAsync(both.Token) };
        // If one fails, all end; the next leader starts all.
        await Task.WhenAny(duties);
        await both.CancelAsync();
        await Task.WhenAll(duties);
    }
}
