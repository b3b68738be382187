using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Runs a loop for every queue of every shard, and drains them all at shutdown.</summary>
internal sealed partial class Dispatch(
    ShardLoops shards, InFlight inFlight, SubscriptionCache subscriptions, DatabaseGate database, TimeProvider clock, ILogger<Dispatch> logger) : ServiceLoop
{
    private static readonly TimeSpan ShardCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _abandon = new();

    /// <summary>Takes nothing more, lets what is on the wire finish and be recorded, and writes the last acks.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Not on the thread that tells of it: who is told may have to wait for a server that says nothing (ServiceLoop).
        await using var abandoning = cancellationToken.Register(() => _ = _abandon.CancelAsync());
        await base.StopAsync(cancellationToken);
        while (inFlight.Count > 0 && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(DrainCheck, clock, CancellationToken.None);
        }

        await shards.FlushAcksAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Log.Drained(logger, inFlight.Count);
    }

    public override void Dispose()
    {
        _abandon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var loops = new List<Task>();
        using var timer = new PeriodicTimer(ShardCheck, clock);
        try
        {
            await database.RunAsync(token => subscriptions.LoadedAsync(token).AsTask(), stoppingToken);
            do
            {
                // Shards only grow: whatever is new gets its loops.
                for (var shard = loops.Count / 2; shard < subscriptions.Current.Shards; shard++)
                {
                    loops.Add(shards.OfFirstAttempts(shard).RunAsync(stoppingToken, _abandon.Token));
                    loops.Add(shards.OfRetries(shard).RunAsync(stoppingToken, _abandon.Token));
                }

                // Before the stop only a fault ends a loop. The service ends with it: one that runs on and sends nothing is seen by nobody.
                await Task.WhenAll(loops.Where(loop => loop.IsCompleted));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The loops end by themselves.
        }

        await Task.WhenAll(loops);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Drained; {InFlight} deliveries were left to others")]
        public static partial void Drained(ILogger logger, int inFlight);
    }
}
