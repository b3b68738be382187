using RabbitMQ.Client;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;
using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// Declares the delay queues of a custom schedule before it is saved. A queue declared only when the first message
/// waits would be young, and a young queue may not survive a broker's crash. The default schedule's are always there.
/// </summary>
internal sealed partial class DelayQueues(
    ConfirmedPublisher publisher, BrokerPatience patience, BrokerOptions broker, ILogger<DelayQueues> logger)
{
    /// <exception cref="RefusedException">503: the broker is away.</exception>
    public async Task EnsureAsync(CustomRetry? retry, RequestClock request, CancellationToken cancellationToken)
    {
        if (retry is null)
        {
            return;
        }

        var waits = BrokeredWaits.Of(RetryPolicy.From(retry));
        try
        {
            await patience.RunAsync(
                async token =>
                {
                    await publisher.DeclareAsync(channel => DeclareAsync(channel, waits), token);
                    return true;
                },
                request,
                cancellationToken);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            Log.Away(logger, BrokerFault.Describe(fault, broker.Nodes));
            throw new RefusedException(Problem.Unavailable("RabbitMQ is away, and this retry schedule needs queues there. Try again."));
        }
    }

    private static async Task DeclareAsync(IChannel channel, IEnumerable<TimeSpan> waits)
    {
        foreach (var wait in waits)
        {
            await BrokerTopology.DeclareDelayAsync(channel, wait);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; answering 503")]
        public static partial void Away(ILogger logger, string reason);
    }
}
