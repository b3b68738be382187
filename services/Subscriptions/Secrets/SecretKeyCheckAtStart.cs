using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Subscriptions.Secrets;

/// <summary>
/// Stops the start of a service whose keys do not open the stored secrets: better than one that cannot sign. Comes after
/// the migrations, which the database's module registers before; a database that went away since is waited for.
/// </summary>
internal sealed partial class SecretKeyCheckAtStart(SecretKeyCheck check, NpgsqlDataSource database, TimeProvider clock, ILogger<SecretKeyCheckAtStart> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var faults = await check.FindFaultsAsync(cancellationToken);
                if (faults.Count > 0)
                {
                    throw new OptionsValidationException(SecretKeyOptions.Section, typeof(SecretKeyOptions), faults);
                }

                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !cancellationToken.IsCancellationRequested)
            {
                Log.Waiting(logger, DatabaseFault.Describe(fault, database), Pause.TotalSeconds);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; the check of the secrets' keys is tried again in {Seconds} s")]
        public static partial void Waiting(ILogger logger, string reason, double seconds);
    }
}
