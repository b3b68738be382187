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
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(reload, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                Log.Interrupted(logger, fault.Message);
                await Task.Delay(ReconnectPause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(Func<CancellationToken, Task> reload, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        while (true)
        {
            await reload(cancellationToken);
            await connection.WaitAsync(PollInterval, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Listening for configuration changes was interrupted and starts again: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
