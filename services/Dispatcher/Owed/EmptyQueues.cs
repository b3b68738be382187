using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;

namespace Webhooks.Dispatcher.Owed;

/// <summary>Asks the broker whether queues are empty. One that is frozen, starting or gone gives no answer, and silence is none.</summary>
internal sealed class EmptyQueues(ConfirmedPublisher publisher)
{
    /// <summary>Those of them in which no message waits to be handed over.</summary>
    public async Task<IReadOnlyList<WatchedQueue>> AmongAsync(IReadOnlyList<WatchedQueue> queues, CancellationToken cancellationToken)
    {
        var empty = new List<WatchedQueue>();
        if (queues.Count == 0 || !publisher.IsReady)
        {
            return empty;
        }

        try
        {
            await publisher.DeclareAsync(
                async channel =>
                {
                    foreach (var queue in queues)
                    {
                        // A quorum queue that does not answer its own node counts as one without messages, but then as one without
                        // consumers, too; and we are one.
                        if (await channel.QueueDeclarePassiveAsync(queue.Name, cancellationToken) is { MessageCount: 0, ConsumerCount: > 0 })
                        {
                            empty.Add(queue);
                        }
                    }
                },
                cancellationToken);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            // A queue was deleted, or the broker is away: the consumer notices it by itself.
        }

        return empty;
    }
}
