using Webhooks.Contracts;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Queues;

/// <summary>How far the dispatchers are behind with the retries that were announced: what waits in the queues is what no dispatcher has room for.</summary>
internal sealed class RetryQueues(QueueCounts counts, SubscriptionCache subscriptions)
{
    /// <summary>Messages, each of which may announce many, in the fullest queue of all shards. Null: the broker does not tell.</summary>
    public async Task<long?> FullestAsync(CancellationToken cancellationToken)
    {
        List<string> queues = [.. Enumerable.Range(0, subscriptions.Current.Shards).Select(BrokerNames.RetriesQueue)];
        var waiting = await counts.OfAsync(queues, cancellationToken);
        return waiting.Count < queues.Count ? null : waiting.Values.Max();
    }
}
