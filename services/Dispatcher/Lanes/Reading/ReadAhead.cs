using Webhooks.Dispatcher.Lanes.Ordering;
using Webhooks.Subscriptions.Lanes;

namespace Webhooks.Dispatcher.Lanes.Reading;

/// <summary>What of one lane is read ahead and what is in hand, whether or not it has an order at present.</summary>
internal sealed class ReadAhead(TimeProvider clock)
{
    private readonly LaneHands _hands = new();
    private volatile ILaneBacklog? _backlog;

    /// <summary>How many are being worked on.</summary>
    public int InHand => _hands.Count;

    /// <summary>What is released is looked for by itself, and is no news.</summary>
    public bool AsksForReleased => _backlog!.AsksForReleased;

    /// <summary>
    /// What is in hand stays so when an order begins or ends; what was read ahead is read anew. Called by the lane's loop.
    /// </summary>
    public ILaneBacklog Of(LaneLimits limits)
    {
        if (limits.IsOrdered && _backlog is not KeyedBacklog)
        {
            _backlog = new KeyedBacklog(clock, _hands);
        }
        else if (!limits.IsOrdered && _backlog is not LaneBacklog)
        {
            _backlog = new LaneBacklog(clock, _hands);
        }

        return _backlog!;
    }

    /// <summary>Work on one has ended, or was not begun. From anywhere.</summary>
    public void Release(Guid deliveryId) => _backlog!.Release(deliveryId);
}
