namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Decides when a publisher without a database leaves the queue to others, and when it comes back, behind them (decision 0022).
/// Each leaving counts as a hand-over of what it had in hand, and what was handed over often is taken one by one (decision 0030): so it
/// stays twice as long each time, until it has accepted something.
/// </summary>
internal sealed class GivingWay(TimeProvider clock)
{
    // As long as the broker takes to miss a publisher that was cut off. A server that restarts is back before.
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(20);

    private TimeSpan _patience = FirstPatience;
    private long? _awaySince;
    private bool _hasLeft;
    private volatile bool _hasAccepted;

    /// <summary>A group was accepted: the next outage is another one.</summary>
    public void Accepted() => _hasAccepted = true;

    /// <summary>Asked from time to time. True: leave the queue, or stay away from it.</summary>
    /// <param name="isAway">The database does not answer, or refuses our work again and again.</param>
    public bool IsDue(bool isAway)
    {
        if (_hasAccepted)
        {
            (_patience, _hasAccepted) = (FirstPatience, false);
        }

        if (!isAway)
        {
            (_awaySince, _hasLeft) = (null, false);
        }
        else if (!_hasLeft && clock.GetElapsedTime(_awaySince ??= clock.GetTimestamp()) >= _patience)
        {
            _hasLeft = true;
            _patience *= 2;
        }

        return _hasLeft;
    }
}
