using Microsoft.Extensions.Logging;
using Webhooks.Broker;
using Webhooks.Broker.Consuming;
using Webhooks.Broker.Deliveries;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Hands;
using Webhooks.Dispatcher.Owed;
using Webhooks.Dispatcher.Parking;
using Webhooks.Dispatcher.Shares;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>Runs a loop for every queue of every shard, and drains them all at shutdown.</summary>
internal sealed partial class Dispatch(
    BrokerLinks broker, DeliveryWork work, InFlight inFlight, DeliveryReads reads, SubscriptionCache subscriptions, DatabaseGate database,
    ConfirmedPublisher publisher, DeliveryParking parking, QueuePositions positions, OwedOptions owed, RetryPace pace, TimeProvider clock, ILogger<Dispatch> logger) : ServiceLoop
{
    // How many deliveries of a queue may be in hand, which bounds the sends in flight. Retries have a limit of their own, and a pace
    // beside first attempts (RetryPace), so that a backlog of retries hardly delays first attempts.
    internal const int MostFirstAttempts = 2_000;
    internal const int MostRetries = 1_000;

    private static readonly TimeSpan ShardCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _abandon = new();
    private readonly List<QueueConsumer> _consumers = [];

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

        await Task.WhenAll(_consumers.Select(consumer => consumer.FlushAcksAsync())).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                    loops.Add(Loop(BrokerNames.DeliveriesQueue(shard), MostFirstAttempts, QueuePosition.OfFirstAttempts(), settling: TimeSpan.Zero, pace.ForFirstAttempts).RunAsync(stoppingToken, _abandon.Token));
                    loops.Add(Loop(BrokerNames.RetriesQueue(shard), MostRetries, QueuePosition.OfRetries(), settling: owed.OwedGrace, pace.ForRetries).RunAsync(stoppingToken, _abandon.Token));
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

    private DeliveryLoop Loop(string queue, int most, QueuePosition position, TimeSpan settling, Admission admission)
    {
        var consumer = broker.Consumer(queue, WindowFit.First(most, inHand: 0, Announcement.MostTogether), channel => BrokerTopology.DeclareAsync(channel, subscriptions.Current.Shards));
        database.Closed += consumer.Pause;
        database.Opened += consumer.Resume;
        _consumers.Add(consumer);
        var hand = new QueueHand(consumer, position, most);
        positions.Add(consumer, position, () => hand.HasUnread, settling);
        return new DeliveryLoop(consumer, hand, work, reads, database, publisher, parking, admission, clock);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Drained; {InFlight} deliveries were left to others")]
        public static partial void Drained(ILogger logger, int inFlight);
    }
}
