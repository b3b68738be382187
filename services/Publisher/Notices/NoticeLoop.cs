using Webhooks.Database.Faults;

namespace Webhooks.Publisher.Notices;

/// <summary>
/// Looks for notices at one step and has it done. It polls: a NOTIFY in the transactions that write notices would make their
/// commits wait for each other. Each step has a loop of its own, so that the accepting never waits for the publishing.
/// </summary>
internal sealed class NoticeLoop<TTurn>(TTurn turn, DatabaseGate database, TimeProvider clock) : ServiceLoop
    where TTurn : INoticeTurn
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                while (await database.RunAsync(turn.RunAsync, stoppingToken))
                {
                    // As long as there are more.
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was published and not deleted is published once more, by the next one.
        }
    }
}
