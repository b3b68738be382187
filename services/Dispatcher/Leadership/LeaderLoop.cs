using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Leadership;

/// <summary>
/// Does the leader's duties. A database that is away ends the leadership, for all of them: whether it is, the lock's session tells
/// (<see cref="FleetLeadership"/>). Any fault of a duty ends that one for a while: a row that it cannot digest, or a statement that
/// takes too long, must not end the others, and after them those of each next leader.
/// </summary>
internal sealed partial class LeaderLoop(
    FleetLeadership leadership, IEnumerable<LeaderDuty> duties, NpgsqlDataSource database, TimeProvider clock, ILogger<LeaderLoop> logger) : ServiceLoop
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    // Short, because the same statement may succeed when it is repeated (after a deadlock, say). But longer than a heartbeat: by then it
    // is known whether the database is away.
    private static readonly TimeSpan ShortPause = TimeSpan.FromSeconds(2);

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
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !leading.IsCancellationRequested)
            {
                await Task.Delay(ShortPause, clock, leading);
                Log.Refused(logger, DatabaseFault.Describe(fault, database), duty.Name);
            }
            catch (Exception fault) when (!leading.IsCancellationRequested)
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

        [LoggerMessage(2, LogLevel.Warning, "{Reason}; the leader's {Duty} is tried again, and its other duties go on")]
        public static partial void Refused(ILogger logger, string reason, string duty);
    }
}
