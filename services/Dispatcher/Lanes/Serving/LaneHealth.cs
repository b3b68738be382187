using Webhooks.Dispatcher.Health;
using Webhooks.Sending;
using Webhooks.Subscriptions;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// How the receiver of one lane fares, as its holder knows: read out of the fleet's record, and again when that may say
/// something else; and what it was answered itself and is not recorded yet. Belongs to the lane's loop; what is told may be told
/// from anywhere.
/// </summary>
internal sealed class LaneHealth(HeldLane lane, LaneTools tools)
{
    // Being told of new deliveries, several times a second, is seldom being told of this; our own attempts say it themselves.
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

    /// <summary>The attempt is recorded: what was asked for is found there, by whoever reads it from now on.</summary>
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
    /// For how long nothing may be sent; zero or less: something may. To what takes nothing any more nothing is sent: there is no
    /// receiver to spare.
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
                // Recorded while the record was being read, it may be neither here nor there.
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
