using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Lanes.Leases;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Looks around each beat, takes the lanes that are this dispatcher's own by <see cref="LaneLife"/>, has them served, and gives all of
/// them back when the service is told to stop.
/// </summary>
internal sealed partial class LaneOwner(
    LeaseKeeper lease, LeaseWatch others, ServedLanes served, TimeProvider clock, IHostApplicationLifetime lifetime,
    ILogger<LaneOwner> logger) : ServiceLoop
{
    private readonly LaneMoves _moves = new(clock);
    private readonly CancellationTokenSource _abandon = new();

    protected override TimeSpan StopPatience => served.Ended.IsCompleted ? base.StopPatience : Timeout.InfiniteTimeSpan;

    /// <summary>Waits for what is in flight, as long as it may.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Not on the thread that tells of it: who is told may have to wait for a server that says nothing (ServiceLoop).
        await using var abandoning = cancellationToken.Register(() => _ = _abandon.CancelAsync());
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _abandon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var stopping = lifetime.ApplicationStopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        // Beside all else: whatever is waited for here, others must not take this dispatcher for dead.
        var keeping = lease.KeepAsync(ending.Token);
        while (!stopping.IsCancellationRequested)
        {
            await LookAsync(stopping);
            await Task.Delay(Lease.Beat, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (keeping.IsFaulted)
            {
                // Nothing that an outage explains: the host is to know.
                await keeping;
            }
        }

        await GiveBackAsync();
        // Renewed to the end, and not once more: that would begin another one.
        await ending.CancelAsync();
        await keeping;
        await lease.EndAsync(_abandon.Token);
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            // In this order: a lane that is found to be held and is not served is then not one that is just being given back.
            served.Forget();
            var own = lease.Id;
            var seen = await others.LookAroundAsync(own, _abandon.Token);
            served.LoseOthers(seen);

            // Not without a lease, nor under one that was lost: the next one is seen at the next look.
            if (!stopping.IsCancellationRequested && seen.Dispatchers.Contains(own))
            {
                served.ServeFound(seen, own, _abandon.Token);
                if (await served.TakeAsync(_moves.ToTake(seen, own), own, _abandon.Token))
                {
                    lease.TakeLanes();
                }

                served.HandOver(_moves.ToHandOver(seen, own));
            }

            served.TellOfChanges();
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !_abandon.IsCancellationRequested)
        {
            // What was being taken may be held nevertheless: the next look tells.
            Log.Interrupted(logger, fault.Message);
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time.
        }
    }

    /// <summary>Each lane as soon as nothing of it is in flight; the lease is kept until then.</summary>
    private async Task GiveBackAsync()
    {
        lease.TakeNoMoreLanes();
        served.HandOverAll();
        try
        {
            for (var ended = served.Ended; !ended.IsCompleted; )
            {
                await Task.WhenAny(ended, Task.Delay(Lease.Beat, clock, _abandon.Token));
                await LookAsync(lifetime.ApplicationStopping);
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "This dispatcher could not look around: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
