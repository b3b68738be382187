using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Lanes.Leases;
using Webhooks.Dispatcher.Lanes.Serving;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Caching;

namespace Webhooks.Dispatcher.Lanes;

/// <summary>
/// Keeps this dispatcher alive for the others, takes the lanes that are its own by <see cref="LaneLife"/>, has them served, and
/// gives all of them back when the service is told to stop.
/// </summary>
internal sealed partial class LaneOwner(
    LeaseKeeper lease, LeaseWatch others, LaneStore store, LaneTools tools, LaneMetrics metrics, IHostApplicationLifetime lifetime, ILogger<LaneOwner> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<Guid, Serving> _served = new();
    private readonly Dictionary<Guid, long> _unheldSince = [];
    private readonly Dictionary<Guid, long> _otherChosenSince = [];
    private readonly CancellationTokenSource _abandon = new();

    private sealed record Serving(LaneServing Lane, Task Running)
    {
        /// <summary>As it was when the lane was last told.</summary>
        public Subscription? Subscription { get; set; }
    }

    /// <summary>A lane was given deliveries. Most are others'.</summary>
    public void Tell(Guid subscriptionId)
    {
        if (_served.TryGetValue(subscriptionId, out var serving))
        {
            serving.Lane.Tell();
        }
    }

    /// <summary>Any lane may have been given deliveries.</summary>
    public void TellAll()
    {
        foreach (var serving in _served.Values)
        {
            serving.Lane.Tell();
        }
    }

    /// <summary>Waits for what is in flight, as long as it may.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var abandoning = cancellationToken.Register(_abandon.Cancel);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _abandon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var stopping = lifetime.ApplicationStopping;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        var renewing = RenewAsync(ending.Token);
        while (!stopping.IsCancellationRequested)
        {
            await LookAsync(stopping);
            await Task.Delay(Lease.Beat, tools.Clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (renewing.IsFaulted)
            {
                // Nothing that an outage explains: the host is to know.
                await renewing;
            }
        }

        await GiveBackAsync();
        // Renewed to the end, and not once more: that would begin another one.
        await ending.CancelAsync();
        await renewing;
        await EndLeaseAsync();
    }

    /// <summary>Beside all else: whatever is waited for there, others must not take this dispatcher for dead.</summary>
    private async Task RenewAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await lease.RenewAsync(ending);
            }
            catch (Exception fault) when (DatabaseFault.IsOurs(fault) || ending.IsCancellationRequested)
            {
                // It runs out by itself.
                Log.Interrupted(logger, fault.Message);
            }

            await Task.Delay(Lease.Beat, tools.Clock, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        try
        {
            // Before the look: what is found then to be held, and is not served, is not just being given back.
            Forget();
            var own = tools.Lease.Id;
            var seen = await others.LookAroundAsync(own, _abandon.Token);
            Lose(seen);

            // One that has begun since is not among those that were seen, and chooses at the next look.
            if (!stopping.IsCancellationRequested && seen.Dispatchers.Contains(own))
            {
                ServeFound(seen, own);
                await TakeAsync(seen, own);
                HandOver(seen, own);
            }

            TellOfChanges();
            metrics.Holds(_served.Count);
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault) && !_abandon.IsCancellationRequested)
        {
            Log.Interrupted(logger, fault.Message);
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time.
        }
    }

    private void Forget()
    {
        foreach (var (id, serving) in _served)
        {
            if (serving.Running.IsCompleted)
            {
                _served.TryRemove(id, out _);
                _otherChosenSince.Remove(id);
            }
        }
    }

    /// <summary>Nothing is served that is not held.</summary>
    private void Lose(Fleet seen)
    {
        foreach (var (id, serving) in _served)
        {
            if (seen.Own.GetValueOrDefault(id) != serving.Lane.Lane.Fence)
            {
                serving.Lane.Lose();
            }
        }
    }

    /// <summary>Nothing is held that is not served: a taking whose answer was lost is carried out nevertheless, it may be much later.</summary>
    private void ServeFound(Fleet seen, long own)
    {
        foreach (var (id, fence) in seen.Own)
        {
            if (!_served.ContainsKey(id))
            {
                Log.Found(logger, id, fence);
                Serve(new HeldLane(id, own, fence, SendsAfter: null));
            }
        }
    }

    private async Task TakeAsync(Fleet seen, long own)
    {
        var now = tools.Clock.GetTimestamp();
        foreach (var gone in _unheldSince.Keys.Except(seen.Unheld).ToList())
        {
            _unheldSince.Remove(gone);
        }

        var wanted = new List<Guid>();
        foreach (var id in seen.Unheld)
        {
            _unheldSince.TryAdd(id, now);
            var move = LaneLife.OfUnheld(IsChosen(id, seen, own), tools.Clock.GetElapsedTime(_unheldSince[id]));
            // One that is still ending here is taken at the next beat.
            if (move == LaneMove.Take && !_served.ContainsKey(id))
            {
                wanted.Add(id);
            }
        }

        if (wanted.Count == 0)
        {
            return;
        }

        foreach (var (lane, reason, isFirst) in await store.TakeAsync(own, wanted, _abandon.Token))
        {
            if (isFirst)
            {
                Log.Opened(logger, lane.SubscriptionId, reason, lane.Fence);
            }
            else
            {
                Log.TakenOver(logger, lane.SubscriptionId, reason, lane.Fence);
            }

            Serve(lane);
        }
    }

    private void Serve(HeldLane lane)
    {
        var serving = new LaneServing(lane, tools, logger);
        _served[lane.SubscriptionId] = new Serving(serving, Task.Run(() => serving.RunAsync(_abandon.Token), CancellationToken.None));
    }

    private void HandOver(Fleet seen, long own)
    {
        foreach (var (id, serving) in _served)
        {
            var isChosen = IsChosen(id, seen, own);
            if (isChosen)
            {
                _otherChosenSince.Remove(id);
            }

            var otherFor = isChosen ? TimeSpan.Zero : tools.Clock.GetElapsedTime(_otherChosenSince.TryGetValue(id, out var since) ? since : _otherChosenSince[id] = tools.Clock.GetTimestamp());
            if (LaneLife.OfHeld(isChosen, otherFor) == LaneMove.HandOver)
            {
                serving.Lane.HandOver();
            }
        }
    }

    private void TellOfChanges()
    {
        var config = tools.Subscriptions.Current;
        foreach (var (id, serving) in _served)
        {
            var subscription = config.ById.GetValueOrDefault(id);
            if (!ReferenceEquals(subscription, serving.Subscription))
            {
                serving.Subscription = subscription;
                serving.Lane.Tell();
            }
        }
    }

    /// <summary>Each lane as soon as nothing of it is in flight; the lease is kept until then.</summary>
    private async Task GiveBackAsync()
    {
        foreach (var serving in _served.Values)
        {
            serving.Lane.HandOver();
        }

        try
        {
            while (!_served.Values.All(serving => serving.Running.IsCompleted))
            {
                await Task.WhenAny(Task.WhenAll(_served.Values.Select(serving => serving.Running)), Task.Delay(Lease.Beat, tools.Clock, _abandon.Token));
                await LookAsync(lifetime.ApplicationStopping);
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            // The shutdown ran out of time.
        }
    }

    private async Task EndLeaseAsync()
    {
        try
        {
            await lease.EndAsync(_abandon.Token);
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault) || _abandon.IsCancellationRequested)
        {
            // Others take what is left when the lease has run out.
            Log.Interrupted(logger, fault.Message);
        }
        finally
        {
            await lease.DisposeAsync();
            await others.DisposeAsync();
        }
    }

    private static bool IsChosen(Guid subscriptionId, Fleet seen, long own) => Rendezvous.Choose(subscriptionId, seen.Dispatchers) == own;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The lane of subscription sub_{SubscriptionId:N} was opened ({Reason}), and this dispatcher serves it (fence {Fence})")]
        public static partial void Opened(ILogger logger, Guid subscriptionId, string reason, long fence);

        [LoggerMessage(2, LogLevel.Information, "This dispatcher takes over the lane of subscription sub_{SubscriptionId:N} ({Reason}, fence {Fence})")]
        public static partial void TakenOver(ILogger logger, Guid subscriptionId, string reason, long fence);

        [LoggerMessage(4, LogLevel.Information, "This dispatcher finds that it holds the lane of subscription sub_{SubscriptionId:N} (fence {Fence}), and serves it")]
        public static partial void Found(ILogger logger, Guid subscriptionId, long fence);

        [LoggerMessage(3, LogLevel.Debug, "This dispatcher could not renew its lease: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
