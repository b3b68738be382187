using Microsoft.Extensions.Hosting;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Faults;

namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Consumes the publisher's queue in order, in groups, one group after the other. While the database is away it holds what
/// is in hand; when that lasts, it gives it back, in order, so that a publisher with a database can go on.
/// </summary>
internal sealed class FanOutLoop(
    QueueConsumer consumer, ConfirmedPublisher publisher, DatabaseGate database, FanOutTurn turn, TimeProvider clock) : BackgroundService
{
    private const int GroupLimit = 100;

    // While one group is in the database the next one gathers; waiting longer only adds latency.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    // As long as the broker takes to miss a publisher that was cut off. A server that restarts is back before: giving
    // back counts as a delivery of each event.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    private long _closedAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        database.Closed += () => Volatile.Write(ref _closedAt, clock.GetTimestamp());
        database.Opened += () => Volatile.Write(ref _closedAt, 0);
        await Task.WhenAll(consumer.RunAsync(stoppingToken), WorkAsync(stoppingToken), GiveWayAsync(stoppingToken));
        // At once, not with the process: whoever stands by goes on with the first that is not acknowledged.
        await consumer.GiveBackAsync();
    }

    private async Task WorkAsync(CancellationToken stop)
    {
        try
        {
            while (await consumer.Received.ReadGroupAsync(GroupLimit, Linger, clock, stop) is { } group)
            {
                await publisher.WhenReadyAsync(stop);
                await turn.RunAsync(group, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is in hand is not acknowledged: the next publisher gets it, flagged redelivered.
        }
    }

    /// <summary>Leaves the queue to others while the database has been away for long, and comes back behind them when it answers.</summary>
    private async Task GiveWayAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Watch, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (Volatile.Read(ref _closedAt) is not (> 0 and var closedAt))
                {
                    consumer.Resume();
                }
                else if (clock.GetElapsedTime(closedAt) >= Patience)
                {
                    consumer.Pause();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The consumer ends with us.
        }
    }
}
