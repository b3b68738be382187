using Microsoft.Extensions.Logging;
using Webhooks.Contracts;
using Webhooks.Database.Deliveries;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Owed;

/// <summary>
/// Finds deliveries whose message the broker has lost (its data was wiped, a queue was deleted or purged), and leaves them
/// to the due-poller, which announces them again.
/// </summary>
internal sealed partial class OwedFinder(
    MarkStore marks, OwedStore store, FirstAttemptSweep sweep, SubscriptionCache subscriptions, OwedOptions options, OwedMetrics metrics,
    TimeProvider clock, ILogger<OwedFinder> logger)
{
    /// <summary>No more than this is announced again before dispatchers have made those attempts: a retry queue must not be flooded.</summary>
    private const int MostUnderWay = 10_000;

    private const int Stretch = 5_000;

    // A hundred thousand a second; the retries' turn comes in between.
    private const int MostStretches = 20;
    private const int ChunkLimit = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // One that leads for weeks sees many dispatchers come and go.
    private static readonly TimeSpan Tidying = TimeSpan.FromHours(1);

    /// <summary>Finds until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        var swept = await sweep.StartAsync(leading);
        long? tidied = null;
        while (true)
        {
            if (tidied is not { } moment || clock.GetElapsedTime(moment) >= Tidying)
            {
                await marks.DeleteOldAsync(leading);
                tidied = clock.GetTimestamp();
            }

            swept = await FindAsync(swept, leading);
            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task<DeliveryKey> FindAsync(DeliveryKey swept, CancellationToken leading)
    {
        var notes = await marks.ReadAsync(leading);
        var shards = Enumerable.Range(0, subscriptions.Current.Shards).ToList();
        // Without a mark nothing is known to be lost.
        var lostBefore = QueueMarks.Least(notes, shards.Select(BrokerNames.RetriesQueue)) is { } retries ? retries - options.OwedGrace : DateTimeOffset.UnixEpoch;
        var room = (int)Math.Max(0, MostUnderWay - await store.CountUnderWayAsync(lostBefore, MostUnderWay, leading));
        var before = room;
        room = await FindAwaitedAsync(lostBefore, room, leading);
        if (QueueMarks.Least(notes, shards.Select(BrokerNames.DeliveriesQueue)) is { } first)
        {
            (swept, room) = await SweepAsync(swept, first - options.OwedGrace, room, leading);
        }

        if (before - room is > 0 and var found)
        {
            metrics.Found(found);
            Log.Found(logger, found);
        }

        return swept;
    }

    private async Task<int> FindAwaitedAsync(DateTimeOffset lostBefore, int room, CancellationToken leading)
    {
        while (room > 0)
        {
            var limit = Math.Min(room, ChunkLimit);
            var owed = await store.FindAwaitedAsync(lostBefore, options.OwedGrace, limit, leading);
            room -= await store.HandToPollerAsync(owed, leading);
            if (owed.Count < limit)
            {
                break;
            }
        }

        return room;
    }

    private async Task<(DeliveryKey Swept, int Room)> SweepAsync(DeliveryKey swept, DateTimeOffset before, int room, CancellationToken leading)
    {
        before = await sweep.OldestWriterAsync(leading) is { } began && began < before ? began : before;
        for (var stretches = 0; room > 0 && stretches < MostStretches; stretches++)
        {
            var stretch = await sweep.LookAsync(swept, before, Stretch, leading);
            if (stretch.End is not { } end)
            {
                break;
            }

            var owed = stretch.Owed.Take(room).ToList();
            room -= await store.HandToPollerAsync(owed, leading);
            // What there was no room for is looked at again.
            swept = owed.Count < stretch.Owed.Count ? new DeliveryKey(owed[^1].CreatedAt, owed[^1].Id) : end;
            await sweep.SaveAsync(swept, leading);
            if (stretch.Looked < Stretch)
            {
                break;
            }
        }

        return (swept, room);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "RabbitMQ has lost the messages of {Deliveries} deliveries, or is very late with them: they are announced again")]
        public static partial void Found(ILogger logger, int deliveries);
    }
}
