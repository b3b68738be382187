using System.Collections.Concurrent;
using Webhooks.Dispatcher.Lanes.Doors;
using Webhooks.Sending;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Health;

/// <summary>
/// Opens the lanes of subscriptions whose receivers must not be sent everything that comes. They close by themselves. The attempt that
/// makes a lane necessary has it opened, and does not wait for that. Should it come to nothing, the leader finds who needs a lane and
/// has none.
/// </summary>
internal sealed class HealthLanes(HealthStore store, LaneOpenings doors, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A record takes milliseconds, and some hundreds of them where a dispatcher has just started. For longer nobody waits who holds a message.
    private static readonly TimeSpan RecordedWithin = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, LaneOpening> _opening = new();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _asking = new();

    /// <summary>An attempt outside a lane was answered. A receiver that asks for time has it from now on, not only from the record.</summary>
    public void Answered(Guid subscriptionId, SendResult result)
    {
        if (result.RetryAfter > TimeSpan.Zero)
        {
            var recorded = _asking.GetOrAdd(subscriptionId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _ = ForgetAsync(subscriptionId, recorded);
        }
    }

    /// <summary>
    /// Completes when what the receiver has just asked for is recorded, and <see cref="Opening"/> says so, or when that takes too long.
    /// </summary>
    public Task WhenRecordedAsync(Guid subscriptionId) => _asking.GetValueOrDefault(subscriptionId)?.Task ?? Task.CompletedTask;

    /// <summary>Opens the lanes that are needed since these changes, which are committed.</summary>
    public void Open(IReadOnlyList<ChangedHealth> changes)
    {
        var now = clock.GetUtcNow();
        // Also when it was needed before: another dispatcher, whose attempt found that out, may be opening it, and this one still sends.
        foreach (var change in changes.Where(change => change.Now.NeedsLane(now) && (change.Group.IsOutsideLane || !change.Before.NeedsLane(now))))
        {
            // Whatever this dispatcher would send from now on waits for it.
            var opening = _opening[change.Group.SubscriptionId] = doors.Begin(change.Group.SubscriptionId, LaneReason.Breaker);
            _ = ForgetAsync(change.Group.SubscriptionId, opening);
        }

        foreach (var change in changes.Where(change => change.Now.NeedsLane(now)))
        {
            _asking.GetValueOrDefault(change.Group.SubscriptionId)?.TrySetResult();
        }
    }

    /// <summary>Nothing is sent to the subscription's receiver before this has ended; null: it need not be left alone, or has a lane.</summary>
    public LaneOpening? Opening(Guid subscriptionId) => _opening.GetValueOrDefault(subscriptionId);

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

    private async Task ForgetAsync(Guid subscriptionId, LaneOpening opening)
    {
        await opening.Ended;
        _opening.TryRemove(KeyValuePair.Create(subscriptionId, opening));
    }

    private async Task ForgetAsync(Guid subscriptionId, TaskCompletionSource recorded)
    {
        await recorded.Task.WaitAsync(RecordedWithin, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _asking.TryRemove(KeyValuePair.Create(subscriptionId, recorded));
        recorded.TrySetResult();
    }
}
