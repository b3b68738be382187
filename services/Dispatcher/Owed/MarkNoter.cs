using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Queues;

namespace Webhooks.Dispatcher.Owed;

/// <summary>Notes every second how far this dispatcher has come in each queue.</summary>
internal sealed partial class MarkNoter(QueuePositions positions, QueueCounts counts, MarkStore store, TimeProvider clock, ILogger<MarkNoter> logger) : ServiceLoop
{
    private readonly Guid _dispatcher = Guid.CreateVersion7();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var last = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(QuietQueue.Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var now = clock.GetTimestamp();
            try
            {
                await NoteAsync(clock.GetElapsedTime(last, now), stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // Whatever it was: what is not noted is not taken for lost, and the next second has its own.
                var isOurs = DatabaseFault.IsOurs(fault);
                Log.NotNoted(logger, isOurs ? LogLevel.Debug : LogLevel.Error, isOurs ? null : fault, fault.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            last = now;
        }
    }

    private async Task NoteAsync(TimeSpan sinceLast, CancellationToken stop)
    {
        var queues = positions.All();
        var asked = clock.GetUtcNow();
        List<WatchedQueue> quiet = [.. queues.Where(queue => queue.MayBeEmpty(sinceLast))];
        if (quiet.Count > 0)
        {
            var waiting = await counts.OfAsync(quiet.Select(queue => queue.Name), stop);
            foreach (var queue in quiet.Where(queue => waiting.TryGetValue(queue.Name, out var messages) && messages == 0))
            {
                queue.FoundEmpty(asked - QuietQueue.Enough);
            }
        }

        await store.NoteAsync(_dispatcher, [.. queues.Select(queue => queue.Note()).OfType<MarkNote>()], stop);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "How far the queues are consumed could not be noted: {Reason}")]
        public static partial void NotNoted(ILogger logger, LogLevel level, Exception? fault, string reason);
    }
}
