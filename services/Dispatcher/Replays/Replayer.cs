using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Replays;

/// <summary>
/// Carries out the replays that Management intends: a chunk of each in turn, so that a giant one holds up no small one,
/// and none faster than its deliveries are sent.
/// </summary>
internal sealed partial class Replayer(ReplayStore store, ReplayBacklog backlog, TimeProvider clock, ILogger<Replayer> logger)
{
    private const int ChunkLimit = 500;
    private const int TurnLimit = 50;
    private const string FaultOfOurOwn = "It was ended by a fault of our own, which our log tells. What it made until then stays.";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Carries out replays until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            if (await store.FindReadyAsync(TurnLimit, leading) is { Count: > 0 } ready)
            {
                // Shared out; when there is hardly room at all, one each.
                var room = await backlog.RoomAsync(leading);
                var share = Math.Clamp(room / ready.Count, Math.Min(room, 1), ChunkLimit);
                foreach (var id in ready)
                {
                    await AdvanceAsync(id, share, leading);
                }
            }

            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task AdvanceAsync(Guid id, int most, CancellationToken leading)
    {
        try
        {
            switch (await store.AdvanceAsync(id, most, leading))
            {
                case { Error: { } error } stopped:
                    Log.Stopped(logger, id, error, stopped.Done);
                    break;
                case { IsFinished: true } finished:
                    Log.Finished(logger, id, finished.Done);
                    break;
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException && !DatabaseFault.IsOurs(fault) && !DatabaseFault.IsOfTheSchema(fault))
        {
            // One that cannot be carried out must not take the others, and the leader's other duties, with it.
            // What the fault says of our tables is for the log alone: the tenant reads this error.
            Log.Failed(logger, fault, id);
            await store.FailAsync(id, FaultOfOurOwn, leading);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Replay rpl_{ReplayId:N} is done: {Deliveries} deliveries were made")]
        public static partial void Finished(ILogger logger, Guid replayId, long deliveries);

        [LoggerMessage(2, LogLevel.Warning, "Replay rpl_{ReplayId:N} is ended after {Deliveries} deliveries. {Reason}")]
        public static partial void Stopped(ILogger logger, Guid replayId, string reason, long deliveries);

        [LoggerMessage(3, LogLevel.Error, "Replay rpl_{ReplayId:N} is ended by a fault of our own")]
        public static partial void Failed(ILogger logger, Exception fault, Guid replayId);
    }
}
