using Webhooks.Dispatcher.Health;
using Webhooks.Sending;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// How the receiver of one lane fares, as its holder knows: what the fleet's record says, read again when that may have changed, and
/// what the receiver answered to this process and is not recorded yet. Only the lane's loop asks; anybody may tell it something.
/// </summary>
internal sealed class LaneHealth(HeldLane lane, LaneTools tools)
{
    // Each news of deliveries, several times a second, raises a doubt, and seldom has anything changed: what this process finds
    // out by its own attempts it learns at once. So a doubt about a receiver that needs no lane waits this long.
    private static readonly TimeSpan DoubtAfter = TimeSpan.FromMilliseconds(250);

    // By the delivery: until when the receiver asked to be left alone.
    private readonly Dictionary<Guid, DateTimeOffset> _unrecorded = [];
    private bool _isMoved;
    private volatile bool _isOld = true;
    private volatile bool _isDoubted;
    private long _readAt;

    public EndpointHealth Known { get; private set; } = EndpointHealth.Unknown;

    private bool IsToRead =>
        _isOld || (_isDoubted && (Known.NeedsLane(tools.Clock.GetUtcNow()) || tools.Clock.GetElapsedTime(_readAt) > DoubtAfter));

    /// <summary>Others may have recorded something.</summary>
    public void Doubt() => _isDoubted = true;

    /// <summary>Something is recorded that says more than that the receiver is well.</summary>
    public void Outdate() => _isOld = true;

    /// <summary>
    /// An attempt's answer was read. What the receiver asks for holds from now on, however long the record takes.
    /// </summary>
    public void Answered(Guid deliveryId, SendResult result)
    {
        // One that is gone is sent nothing more; its subscription is disabled with the record.
        DateTimeOffset? until = result.Outcome == AttemptOutcome.Gone
            ? DateTimeOffset.MaxValue
            : result.StartedAt + result.Duration + result.RetryAfter;
        if (until is { } asked)
        {
            lock (_unrecorded)
            {
                _unrecorded[deliveryId] = asked;
            }
        }
    }

    /// <summary>The attempt is recorded: from now on the fleet's record says what the receiver asked for.</summary>
    public void Recorded(Guid deliveryId)
    {
        lock (_unrecorded)
        {
            _isMoved |= _unrecorded.Remove(deliveryId);
        }
    }

    /// <summary>The lane is needed because of it.</summary>
    public bool NeedsLane(Subscription subscription) => IsSent(subscription) && Known.NeedsLane(tools.Clock.GetUtcNow());

    /// <summary>
    /// For how long the receiver is to be left alone; zero or less: it may be sent something. Zero for a subscription that is disabled
    /// or deleted: its deliveries are canceled, not sent, and that need not wait.
    /// </summary>
    public async Task<TimeSpan> ClosedForAsync(Subscription subscription, CancellationToken stop)
    {
        while (true)
        {
            if (IsToRead)
            {
                (_isOld, _isDoubted, _readAt) = (false, false, tools.Clock.GetTimestamp());
                Known = await tools.Reads.FindHealthAsync(lane, stop);
            }

            lock (_unrecorded)
            {
                // An answer that was recorded during the reading may be missing in what was read, and is not here any more: once more.
                if (!_isMoved)
                {
                    var until = _unrecorded.Values.Append(Known.ClosedUntil ?? DateTimeOffset.MinValue).Max();
                    return IsSent(subscription) ? until - tools.Clock.GetUtcNow() : TimeSpan.Zero;
                }

                (_isMoved, _isOld) = (false, true);
            }
        }
    }

    private static bool IsSent(Subscription subscription) => subscription is { State: SubscriptionState.Active, Deleted: false };
}
