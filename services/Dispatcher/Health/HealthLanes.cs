using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Health;

/// <summary>
/// Opens the lanes of subscriptions whose receivers must not be sent everything that comes. They close by themselves. The attempt that
/// makes a lane necessary has it opened, and does not wait for that. Should it come to nothing, the leader finds who needs a lane and
/// has none.
/// </summary>
internal sealed partial class HealthLanes(HealthStore store, LaneOpenings doors, TimeProvider clock, ILogger<HealthLanes> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, Task> _opening = new();

    /// <summary>Opens the lanes that are needed since these changes, which are committed.</summary>
    public void Open(IReadOnlyList<ChangedHealth> changes)
    {
        var now = clock.GetUtcNow();
        foreach (var change in changes.Where(change => change.Now.NeedsLane(now) && !change.Before.NeedsLane(now)))
        {
            // Known before it begins, so that whatever this dispatcher would send from now on waits for it.
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _opening[change.Group.SubscriptionId] = OpenAsync(change.Group.SubscriptionId, begin.Task);
            begin.SetResult();
        }
    }

    /// <summary>Completes when a lane is open that is just being opened; null: none is.</summary>
    public Task? Opening(Guid subscriptionId) => _opening.GetValueOrDefault(subscriptionId);

    /// <summary>The leader's duty, until the leadership ends.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        while (true)
        {
            var without = await store.FindWithoutLaneAsync(leading);
            // One whose subscription somebody holds is found again; others, who may need theirs meanwhile, do not wait for it.
            await Task.WhenAll(without.Select(subscriptionId => doors.TryOpenAsync(subscriptionId, LaneReason.Breaker, leading)));
            await Task.Delay(Interval, clock, leading);
        }
    }

    private async Task OpenAsync(Guid subscriptionId, Task begin)
    {
        await begin;
        try
        {
            await doors.OpenAsync(subscriptionId, LaneReason.Breaker, CancellationToken.None);
        }
        catch (Exception fault)
        {
            Log.LeftToLeader(logger, subscriptionId, fault.Message);
        }
        finally
        {
            _opening.TryRemove(subscriptionId, out _);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The lane of subscription sub_{SubscriptionId:N} could not be opened, which is left to the leader: {Reason}")]
        public static partial void LeftToLeader(ILogger logger, Guid subscriptionId, string reason);
    }
}
