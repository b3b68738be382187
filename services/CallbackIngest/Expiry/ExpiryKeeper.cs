using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Expiry;

/// <summary>Runs both kinds of expiry in the background. Several instances share the rows out.</summary>
internal sealed partial class ExpiryKeeper(ExpiryStore store, DatabaseGate database, TimeProvider clock, ILogger<ExpiryKeeper> logger) : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            while (await database.RunAsync(store.EndLeasesAsync, stoppingToken) is var ended and > 0)
            {
                Log.LeasesEnded(logger, ended);
            }

            while (await database.RunAsync(store.ForgetAsync, stoppingToken) is { Forgotten: > 0 } forgotten)
            {
                Log.Forgotten(logger, forgotten.Unanswered > 0 ? LogLevel.Warning : LogLevel.Debug, forgotten.Forgotten, forgotten.Unanswered);
            }

            while (await database.RunAsync(store.ForgetInboundAsync, stoppingToken) > 0)
            {
                // As long as there are more.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Callbacks} callbacks were reserved by instances that have ended: they are marked failed, and their keys are free")]
        public static partial void LeasesEnded(ILogger logger, int callbacks);

        [LoggerMessage(EventId = 2, Message = "{Callbacks} callbacks are older than the retention and forgotten; no domain service had answered {Unanswered} of them")]
        public static partial void Forgotten(ILogger logger, LogLevel level, int callbacks, int unanswered);
    }
}
