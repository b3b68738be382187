using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Management.Deadlines;
using Webhooks.Management.Problems;
using Webhooks.Subscriptions.Retries;

namespace Webhooks.Management.Subscriptions;

/// <summary>
/// Declares the delay queues of a custom schedule before it is saved. A queue declared only when the first message
/// waits would be young, and a young queue may not survive a broker's crash. The default schedule's are always there.
/// </summary>
internal sealed class DelayQueues(ConfirmedPublisher publisher, TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <exception cref="RefusedException">503: the broker is away.</exception>
    public async Task EnsureAsync(CustomRetry? retry, RequestClock request, CancellationToken cancellationToken)
    {
        if (retry is null)
        {
            return;
        }

        var waits = BrokeredWaits.Of(RetryPolicy.From(retry));
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await request.WithoutAsync(async () =>
            {
                await publisher.DeclareAsync(
                    async channel =>
                    {
                        foreach (var wait in waits)
                        {
                            await BrokerTopology.DeclareDelayAsync(channel, wait);
                        }
                    },
                    either.Token).WaitAsync(either.Token);
                return true;
            });
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(Problem.Unavailable("RabbitMQ is away, and this retry schedule needs queues there. Try again."));
        }
    }
}
