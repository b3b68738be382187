namespace Webhooks.Broker.Consuming.Windows;

/// <summary>What becomes of a channel that somebody else has ended.</summary>
internal enum ChannelLoss
{
    /// <summary>Something was acknowledged on it, or nothing had come.</summary>
    AfterWork,

    /// <summary>What had come was all unacknowledged.</summary>
    InVain,

    /// <summary>Something came that the client cannot read.</summary>
    Unreadable,
}

/// <summary>
/// Decides how a consumer goes on after a channel was lost over what it had been handed: one message at a time, then twice as many from
/// second to second. The broker counts each loss for all that were in hand, and drops what it has handed over too often (decision 0033).
/// In order, what returns while others that returned before still wait goes behind them: there it is one at a time only for what cannot
/// be read, until all that returned with that is done, and then the whole window.
/// </summary>
/// <param name="queue">Whose messages are consumed.</param>
internal sealed class Caution(ConsumedQueue queue)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Asked by whoever wants another window.
    private volatile int _most = int.MaxValue;
    private TimeSpan _next = FirstPause;
    private long _receivedBefore;
    private bool _isTold;

    /// <summary>Fewer messages are wanted than there is room for.</summary>
    public bool IsOn => _most < int.MaxValue;

    /// <summary>How many of those that are wanted may be asked for.</summary>
    public ushort Of(ushort wanted) => (ushort)Math.Min(wanted, _most);

    /// <summary>True once for each message that cannot be read, however often it is handed over.</summary>
    public bool IsNews(ChannelLoss loss)
    {
        var isNews = !(loss is ChannelLoss.Unreadable && _isTold);
        _isTold = loss is ChannelLoss.Unreadable;
        return isNews;
    }

    /// <summary>A channel was lost; answers how long to wait.</summary>
    /// <param name="loss">How.</param>
    /// <param name="received">How many messages were ever handed over.</param>
    public TimeSpan After(ChannelLoss loss, long received)
    {
        if (loss is ChannelLoss.Unreadable || (loss is ChannelLoss.InVain && !queue.InOrder))
        {
            (_most, _receivedBefore) = (1, received);
        }

        if (loss is not ChannelLoss.InVain)
        {
            // What cannot be read is got rid of by the broker's limit alone: a longer pause only makes the others wait.
            _next = FirstPause;
            return FirstPause;
        }

        var pause = _next;
        _next = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        return pause;
    }

    /// <summary>Another second has gone by without a loss.</summary>
    /// <param name="received">How many messages were ever handed over.</param>
    /// <param name="hasWorked">Some were acknowledged on the present channel.</param>
    public void GoWell(long received, bool hasWorked)
    {
        if (hasWorked)
        {
            _next = FirstPause;
        }

        var isOver = queue.InOrder ? received - _receivedBefore > queue.Prefetch : _most > ushort.MaxValue;
        if (isOver)
        {
            (_most, _isTold) = (int.MaxValue, false);
        }
        else if (IsOn && !queue.InOrder)
        {
            _most *= 2;
        }
    }
}
