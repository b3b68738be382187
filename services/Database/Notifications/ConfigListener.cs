using Microsoft.Extensions.Logging;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Database.Notifications;

/// <summary>
/// Tells when the configuration may have changed: on every NOTIFY, after every reconnect (one may have been missed),
/// and at least twice a second, because a NOTIFY alone is not a promise.
/// </summary>
public sealed partial class ConfigListener(NpgsqlDataSource database, TimeProvider clock, ILogger<ConfigListener> logger)
{
    /// <summary>The channel on which every change of configuration is notified, in its transaction.</summary>
    public const string Channel = "webhooks_config";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Calls <paramref name="reload"/> until stopped. It must be cheap when nothing has changed.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> reload, CancellationToken cancellationToken)
    {
        for (var silent = false; !cancellationToken.IsCancellationRequested;)
        {
            try
            {
                await ListenAsync(reload, () => silent = false, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                // Once an outage, not twice a second.
                Log.Interrupted(logger, silent ? LogLevel.Debug : LogLevel.Warning, DatabaseFault.Describe(fault, database), ReconnectPause.TotalSeconds);
                silent = true;
                await Task.Delay(ReconnectPause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(Func<CancellationToken, Task> reload, Action listening, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        listening();

        while (true)
        {
            await reload(cancellationToken);
            await connection.WaitAsync(PollInterval, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Reason}; listening for configuration changes is tried again every {Seconds} s")]
        public static partial void Interrupted(ILogger logger, LogLevel level, string reason, double seconds);
    }
}
