using RabbitMQ.Client;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;

namespace Webhooks.Dispatcher.Queues;

/// <summary>Asks the broker how many messages wait in queues. One that is frozen, starting or gone gives no answer, and silence is none.</summary>
internal sealed class QueueCounts(ConfirmedPublisher publisher)
{
    /// <summary>Messages that wait to be handed over, of each queue that answered. Of the others nothing is known.</summary>
    /// <param name="queues">Which have consumers: by these a queue is known to have answered.</param>
    public async Task<IReadOnlyDictionary<string, long>> OfAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, long>();
        if (!publisher.IsReady)
        {
            return counts;
        }

        try
        {
            await publisher.DeclareAsync(
                async channel =>
                {
                    foreach (var queue in queues)
                    {
                        var declared = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
                        // A quorum queue that does not answer its own node counts as one without messages, but then as one without
                        // consumers, too.
                        if (declared.MessageCount > 0 || declared.ConsumerCount > 0)
                        {
                            counts[queue] = declared.MessageCount;
                        }
                    }
                },
                cancellationToken);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            // A queue was deleted, or the broker is away: whoever consumes it notices that by itself.
        }

        return counts;
    }
}
