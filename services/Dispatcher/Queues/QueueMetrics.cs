using System.Diagnostics.Metrics;
using Webhooks.Dispatcher.Attempts;

namespace Webhooks.Dispatcher.Queues;

/// <summary>What is seen of a queue at one moment.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Depth">Messages that wait in it.</param>
/// <param name="OldestAge">How old what waits in it or is in hand is at most; null: nobody knows.</param>
internal sealed record SeenQueue(string Queue, long Depth, TimeSpan? OldestAge);

/// <summary>Tells how much waits in our queues. The queues are the fleet's, so only the leader tells.</summary>
internal sealed class QueueMetrics
{
    public const string DepthName = "webhooks.queue.depth";
    public const string OldestAgeName = "webhooks.queue.oldest_age";

    private IReadOnlyList<SeenQueue> _seen = [];

    public QueueMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(DispatcherTelemetry.Name);
        meter.CreateObservableGauge(
            DepthName, () => Seen.Select(queue => new Measurement<long>(queue.Depth, Tag(queue))), unit: "{message}",
            description: "Messages that wait in a queue, as the leader of the dispatchers sees it; one may announce several deliveries.");
        meter.CreateObservableGauge(
            OldestAgeName, () => Seen.Where(queue => queue.OldestAge is not null).Select(queue => new Measurement<double>(queue.OldestAge!.Value.TotalSeconds, Tag(queue))), unit: "s",
            description: "How long ago the oldest delivery that waits in a queue or is in hand came to it, at most; of an idle queue a few seconds.");
    }

    private IReadOnlyList<SeenQueue> Seen => Volatile.Read(ref _seen);

    /// <param name="queues">All there are; none: somebody else tells.</param>
    public void Saw(IReadOnlyList<SeenQueue> queues) => Volatile.Write(ref _seen, queues);

    private static KeyValuePair<string, object?> Tag(SeenQueue queue) => new("webhooks.queue.name", queue.Queue);
}
