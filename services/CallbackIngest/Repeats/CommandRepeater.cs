using Webhooks.Broker.Publishing;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Repeats;

/// <summary>Publishes unanswered commands again, the same bytes under the same id: a broker that was wiped loses no accepted callback.</summary>
internal sealed partial class CommandRepeater(
    RepeatStore store, ConfirmedPublisher publisher, DatabaseGate database, CallbackMetrics metrics, TimeProvider clock, ILogger<CommandRepeater> logger)
    : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // While the broker is away nothing is claimed: a claim counts as a repeat.
            await publisher.WhenReadyAsync(stoppingToken);
            while (await database.RunAsync(store.ClaimAsync, stoppingToken) is { Count: > 0 } commands)
            {
                await publisher.PublishAsync([.. commands.Select(command => command.Message())], stoppingToken);
                metrics.Repeated(commands.Count);
                Log.Repeated(logger, commands.Count);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Commands} commands were published again: no domain service has said what became of them")]
        public static partial void Repeated(ILogger logger, int commands);
    }
}
