using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Topology;

namespace Webhooks.Dispatcher.Retries;

/// <summary>The delay queues, as far as they are known on the present connection to the broker.</summary>
internal sealed class DelayQueues(TimeProvider clock, ILogger<DelayQueues> logger)
{
    private ConcurrentDictionary<TimeSpan, DelayQueue> _queues = new();

    /// <summary>Declares those that are in use, on a new connection. What was known before is forgotten: the broker may have been killed.</summary>
    public async Task DeclareAsync(IChannel channel, IEnumerable<TimeSpan> waits)
    {
        var queues = new ConcurrentDictionary<TimeSpan, DelayQueue>();
        foreach (var wait in waits)
        {
            await BrokerTopology.DeclareDelayAsync(channel, wait);
            Of(queues, wait).Declared();
        }

        Volatile.Write(ref _queues, queues);
    }

    public DelayQueue Of(TimeSpan wait) => Of(Volatile.Read(ref _queues), wait);

    private DelayQueue Of(ConcurrentDictionary<TimeSpan, DelayQueue> queues, TimeSpan wait) =>
        queues.GetOrAdd(wait, static (wait, self) => new DelayQueue(wait, self.clock, self.logger), (clock, logger));
}
