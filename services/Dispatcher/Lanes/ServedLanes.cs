using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>The lanes that this dispatcher serves, each by a loop of its own, and who tells them what.</summary>
internal sealed class ServedLanes(LaneStore store, LaneTools tools, LaneMetrics metrics, ILogger<LaneServing> logger)
{
    private readonly ConcurrentDictionary<Guid, ServedLane> _lanes = new();

    private sealed record ServedLane(LaneServing Serving, Task Running)
    {
        /// <summary>As it was when the lane was last told.</summary>
        public Subscription? Subscription { get; set; }
    }

    /// <summary>Completes when all loops have ended that are running now.</summary>
    public Task Ended => Task.WhenAll(_lanes.Values.Select(lane => lane.Running));

    /// <summary>A lane was given deliveries. Most are others'.</summary>
    public void Tell(Guid subscriptionId)
    {
        if (_lanes.TryGetValue(subscriptionId, out var lane))
        {
            lane.Serving.Tell();
        }
    }

    /// <summary>Any lane may have been given deliveries.</summary>
    public void TellAll()
    {
        foreach (var lane in _lanes.Values)
        {
            lane.Serving.Tell();
        }
    }

    /// <summary>Tells those whose subscription has changed.</summary>
    public void TellOfChanges()
    {
        var config = tools.Subscriptions.Current;
        foreach (var (id, lane) in _lanes)
        {
            var subscription = config.ById.GetValueOrDefault(id);
            if (!ReferenceEquals(subscription, lane.Subscription))
            {
                lane.Subscription = subscription;
                lane.Serving.Tell();
            }
        }
    }

    /// <summary>Forgets those whose loop has ended.</summary>
    public void Forget()
    {
        foreach (var (id, lane) in _lanes)
        {
            if (lane.Running.IsCompleted)
            {
                _lanes.TryRemove(id, out _);
            }
        }

        metrics.Holds(_lanes.Count);
    }

    /// <summary>Nothing is served that is not held.</summary>
    public void LoseOthers(Fleet seen)
    {
        foreach (var (id, lane) in _lanes)
        {
            if (seen.Own.GetValueOrDefault(id) != lane.Serving.Lane.Fence)
            {
                lane.Serving.Lose();
            }
        }
    }

    /// <summary>
    /// Nothing is held that is not served: a taking whose answer was lost is carried out nevertheless, perhaps much later.
    /// </summary>
    /// <param name="seen">By a look that began after <see cref="Forget"/>: so a lane that is just being given back is not taken for a found one.</param>
    public void ServeFound(Fleet seen, long own, CancellationToken abandon)
    {
        foreach (var (id, fence) in seen.Own)
        {
            if (!_lanes.ContainsKey(id))
            {
                LaneLog.Found(logger, id, fence);
                Serve(new HeldLane(id, own, fence, SendsAfter: null), abandon);
            }
        }
    }

    /// <summary>
    /// Takes what nobody holds, and serves it. False: not all, because the serving of one is still ending here; it is taken at a later beat.
    /// </summary>
    public async Task<bool> TakeAsync(IReadOnlyCollection<Guid> subscriptionIds, long own, CancellationToken abandon)
    {
        List<Guid> wanted = [.. subscriptionIds.Where(id => !_lanes.ContainsKey(id))];
        foreach (var (lane, reason, isFirst) in wanted.Count > 0 ? await store.TakeAsync(own, wanted, abandon) : [])
        {
            if (isFirst)
            {
                LaneLog.Opened(logger, lane.SubscriptionId, reason, lane.Fence);
            }
            else
            {
                LaneLog.TakenOver(logger, lane.SubscriptionId, reason, lane.Fence);
            }

            Serve(lane, abandon);
        }

        return wanted.Count == subscriptionIds.Count;
    }

    public void HandOver(IEnumerable<Guid> subscriptionIds)
    {
        foreach (var id in subscriptionIds)
        {
            if (_lanes.TryGetValue(id, out var lane))
            {
                lane.Serving.HandOver();
            }
        }
    }

    public void HandOverAll() => HandOver(_lanes.Keys);

    private void Serve(HeldLane lane, CancellationToken abandon)
    {
        var serving = new LaneServing(lane, tools, logger);
        _lanes[lane.SubscriptionId] = new ServedLane(serving, Task.Run(() => serving.RunAsync(abandon), CancellationToken.None));
    }
}
