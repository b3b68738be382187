using Microsoft.Extensions.Hosting;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;
using Webhooks.Database.Faults;

namespace Webhooks.Publisher.FanOut;

/// <summary>Consumes the publisher's queue in order, in groups, one group after the other.</summary>
internal sealed class FanOutLoop(
    QueueConsumer consumer, ConfirmedPublisher publisher, DatabaseGate database, FanOutTurn turn, TimeProvider clock) : BackgroundService
{
    private const int GroupLimit = 100;

    // While one group is in the database the next one gathers; waiting longer only adds latency.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        database.Closed += consumer.Pause;
        database.Opened += consumer.Resume;
        await Task.WhenAll(consumer.RunAsync(stoppingToken), WorkAsync(stoppingToken));
        await consumer.FlushAcksAsync();
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
}
