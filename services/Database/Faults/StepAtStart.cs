using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Webhooks.Database.Faults;

/// <summary>
/// Something that must be done before a service starts; what it throws stops the start. A database that is away is waited for.
/// Steps are taken in the order in which they were registered.
/// </summary>
/// <param name="what">For the log: what is tried again.</param>
public abstract partial class StepAtStart(string what, NpgsqlDataSource database, TimeProvider clock, ILogger logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await TakeOrLeaveAsync(cancellationToken);
                return;
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault))
            {
                // Who has canceled is told just that, whatever came first.
                cancellationToken.ThrowIfCancellationRequested();
                Log.Waiting(logger, DatabaseFault.Describe(fault, database), what, Pause.TotalSeconds);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>May be repeated.</summary>
    protected abstract Task TakeAsync(CancellationToken cancellationToken);

    /// <summary>A stop does not wait for a server that says nothing (<see cref="ServiceLoop"/>): what was begun is given up beside it.</summary>
    private async Task TakeOrLeaveAsync(CancellationToken cancellationToken)
    {
        var giveUp = new CancellationTokenSource();
        try
        {
            await TakeAsync(giveUp.Token).WaitAsync(cancellationToken);
        }
        finally
        {
            _ = giveUp.CancelAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; {What} waits for it and tries again in {Seconds} s")]
        public static partial void Waiting(ILogger logger, string reason, string what, double seconds);
    }
}
