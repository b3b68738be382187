using Npgsql;
using Webhooks.Database.Faults;

namespace Webhooks.Api.Tokens;

/// <summary>Writes the tokens' last uses every half minute and at the stop; an outage is waited out.</summary>
internal sealed partial class TokenUsageKeeper(TokenUsage usage, NpgsqlDataSource database, TimeProvider clock, ILogger<TokenUsageKeeper> logger) : ServiceLoop
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // What is not written now is not known later, and that is all.
        await LastWrite.TryAsync(FlushAsync, clock);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await FlushAsync(stoppingToken);
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
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; when tokens were last used is written later")]
        public static partial void NotWritten(ILogger logger, string reason);
    }
}
