namespace Webhooks.Broker.Consuming;

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
/// Decides how a consumer goes on after a channel was lost over what it had been handed: with one message at a time, then with twice as
/// many each second. The broker counts a loss for all that were in hand, and drops what it has handed over too often (decision 0033).
/// </summary>
internal sealed class Caution
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // Asked by whoever wants another window.
    private volatile int _most = int.MaxValue;
    private TimeSpan _next = FirstPause;

    /// <summary>Fewer messages are wanted than there is room for.</summary>
    public bool IsOn => _most < int.MaxValue;

    /// <summary>One message at a time.</summary>
    public bool IsNarrowest => _most == 1;

    /// <summary>How many of those that are wanted may be asked for.</summary>
    public ushort Of(ushort wanted) => (ushort)Math.Min(wanted, _most);

    /// <summary>A channel was lost; answers how long to wait.</summary>
    public TimeSpan After(ChannelLoss loss)
    {
        if (loss is not ChannelLoss.AfterWork)
        {
            _most = 1;
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
    public void GoWell() => _most = _most < ushort.MaxValue ? _most * 2 : int.MaxValue;
}
