using Webhooks.Broker.Consuming;
using Webhooks.Broker.Publishing;
using Webhooks.Database;
using Webhooks.Database.Faults;
using Webhooks.Publisher.Suspects;

namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Consumes the publisher's queue in order, in groups, one group after the other. While the database is away it holds what
/// is in hand; when that lasts, it gives it back, in order, so that a publisher with a database can go on.
/// </summary>
internal sealed class FanOutLoop(
    QueueConsumer consumer, ConfirmedPublisher publisher, DatabaseGate database, FanOutTurn turn, SuspectTrial trial, TimeProvider clock) : ServiceLoop
{
    // While one group is in the database the next one gathers; waiting longer only adds latency.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    private readonly GivingWay _givingWay = new(clock);
    private readonly GroupSize _size = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task[] parts = [consumer.RunAsync(stoppingToken), WorkAsync(stoppingToken), GiveWayAsync(stoppingToken)];
        // Before the stop only a fault ends one of them. The service ends with it: one that holds its turn and accepts nothing is seen by nobody.
        await await Task.WhenAny(parts);
        await Task.WhenAll(parts);
        // At once, not with the process: whoever stands by goes on with the first that is not acknowledged.
        await consumer.GiveBackAsync();
    }

    private async Task WorkAsync(CancellationToken stop)
    {
        try
        {
            while (await consumer.Received.ReadGroupAsync(_size.Events, Linger, clock, stop) is { } group)
            {
                foreach (var part in StatementParts.Of(group, message => message.Body.Length, SuspectTrial.IsDue))
                {
                    await publisher.WhenReadyAsync(stop);
                    // What went back to the queue comes again from there; done here as well, it would be announced and parked twice.
                    var held = part.Where(message => !message.IsLost).ToList();
                    if (held.Count > 0)
                    {
                        _size.Saw(held.Count, SuspectTrial.IsDue(held[0]) ? await trial.RunAsync(held[0], stop) : await turn.RunAsync(held, stop));
                        _givingWay.Accepted();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is in hand is not acknowledged: the next publisher gets it, flagged redelivered.
        }
    }

    private async Task GiveWayAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Watch, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (_givingWay.IsDue(isAway: !database.IsOpen || database.IsRefusing))
                {
                    consumer.Pause();
                }
                else
                {
                    consumer.Resume();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The consumer ends with us.
        }
    }
}
