using Webhooks.Broker.Connections;
using Webhooks.Broker.Publishing;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Commands;

/// <summary>
/// Declares what commands wait in, again and again: nothing is told to a publisher whose queue somebody deletes. While a
/// queue of somebody else's takes the same commands, they do not even come back as unroutable. What went there meanwhile is
/// published again as every command that nobody answers. (Of the other queues a consumer of ours is told, which declares
/// its own again: results here, events in Publisher, deliveries and retries in Dispatcher.)
/// </summary>
internal sealed partial class QueueKeeper(
    ConfirmedPublisher publisher, RouteTable routes, BrokerOptions broker, TimeProvider clock, ILogger<QueueKeeper> logger)
    : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Long for a broker that is only busy.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // A connection that is lost, or blocked, is the publisher's to mend: it declares on every new one.
            if (publisher.IsReady)
            {
                await DeclareAsync(stoppingToken);
            }
        }
    }

    private async Task DeclareAsync(CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            await publisher.DeclareAsync(routes.DeclareAsync, either.Token).WaitAsync(either.Token);
        }
        catch (Exception fault) when (BrokerFault.IsOurs(fault) && !stop.IsCancellationRequested)
        {
            Log.NotDeclared(logger, BrokerFault.Describe(fault, broker.Nodes), Interval.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; the queues of commands are looked after again in {Seconds} s")]
        public static partial void NotDeclared(ILogger logger, string reason, double seconds);
    }
}
