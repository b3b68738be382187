using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Leadership;

/// <summary>
/// Does the leader's duties. A database that is away ends the leadership, for all of them. Anything else ends one duty for a
/// while: a row that one of them cannot digest must not end this process, and after it that of each next leader.
/// </summary>
internal sealed partial class LeaderLoop(FleetLeadership leadership, IEnumerable<LeaderDuty> duties, TimeProvider clock, ILogger<LeaderLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leadership.RunAsync(LeadAsync, stoppingToken);

    private async Task LeadAsync(CancellationToken leading)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(leading);
        var running = duties.Select(duty => KeepAtAsync(duty, all.Token)).ToArray();
        // If one ends, all end; the next leader starts all.
        await Task.WhenAny(running);
        await all.CancelAsync();
        await Task.WhenAll(running);
    }

    private async Task KeepAtAsync(LeaderDuty duty, CancellationToken leading)
    {
        while (true)
        {
            try
            {
                await duty.RunAsync(leading);
                return;
            }
            catch (Exception fault) when (!DatabaseFault.IsOurs(fault) && !leading.IsCancellationRequested)
            {
                Log.Failed(logger, fault, duty.Name, Pause.TotalSeconds);
                await Task.Delay(Pause, clock, leading);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The leader's {Duty} failed by a fault of our own, and is tried again in {Seconds} s; its other duties go on")]
        public static partial void Failed(ILogger logger, Exception fault, string duty, double seconds);
    }
}
