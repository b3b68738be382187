using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Api.Tokens;

/// <summary>Writes the tokens' last uses every half minute and at the stop; an outage is waited out.</summary>
internal sealed partial class TokenUsageKeeper(TokenUsage usage, NpgsqlDataSource database, TimeProvider clock, ILogger<TokenUsageKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PatienceAtStop = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await FlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(PatienceAtStop, clock);
            await FlushAsync(limit.Token);
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Twice: a server that does not answer is not waited for by the token alone.
            await usage.FlushAsync(cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            Log.NotWritten(logger, DatabaseFault.Describe(fault, database));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stop: what is not written now is not known later, and that is all.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; when tokens were last used is written later")]
        public static partial void NotWritten(ILogger logger, string reason);
    }
}
