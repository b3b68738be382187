using Npgsql;
using Webhooks.Broker.Deliveries;
using Webhooks.Dispatcher.Queues;

namespace Webhooks.Dispatcher.Replays;

/// <summary>
/// Tells for how many replays there is room. They go the way of retries: a giant replay that filled those queues at once
/// would hold up everybody's retries and every smaller replay behind it.
/// </summary>
internal sealed class ReplayBacklog(NpgsqlDataSource database, RetryQueues queues)
{
    // Half a second of a dispatcher's work.
    private const int Most = 1_000;

    // All that is due and not announced yet. What a lane serves has its time in another column, and is not counted.
    private static readonly string SelectUnannounced =
        $"SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE due_at <= now() AND status = 'pending' LIMIT {Most}) AS unannounced";

    /// <summary>0 while the broker is away.</summary>
    public async Task<int> RoomAsync(CancellationToken cancellationToken)
    {
        if (await queues.FullestAsync(cancellationToken) is not { } fullest)
        {
            return 0;
        }

        await using var command = database.CreateCommand(SelectUnannounced);
        var unannounced = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        // The queues count messages, each of which may announce many.
        return (int)Math.Max(0, Most - unannounced - (fullest * Announcement.MostTogether));
    }
}
