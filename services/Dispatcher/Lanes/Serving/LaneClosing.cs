namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// Decides when a lane is closed: when nothing has needed it, and it has kept up, for a while. What is in hand ends first; a receiver
/// that keeps some of it for longer puts the closing off. Pure: times are given, counted from any fixed moment.
/// </summary>
/// <param name="idleTime">The while.</param>
internal sealed class LaneClosing(TimeSpan idleTime)
{
    /// <summary>A lane that starts what has been due for longer does not keep up.</summary>
    public static readonly TimeSpan Behind = TimeSpan.FromSeconds(5);

    // How long a closing may wait for what is in hand. What comes meanwhile is not sent.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private TimeSpan? _unneededSince;
    private TimeSpan? _begunAt;

    /// <summary>Nothing more is started, so that all that is in hand ends.</summary>
    public bool HasBegun => _begunAt is not null;

    /// <summary>Something needs the lane, or it does not keep up: the while begins anew.</summary>
    public void PutOff() => (_unneededSince, _begunAt) = (null, null);

    /// <summary>
    /// Nothing needs the lane, and nothing waits in it. Answers how long it stays open yet; zero or less: the closing has begun.
    /// </summary>
    public TimeSpan StaysOpenFor(TimeSpan now)
    {
        var left = idleTime - (now - (_unneededSince ??= now));
        _begunAt = left <= TimeSpan.Zero ? now : null;
        return left;
    }

    /// <summary>How long a closing that has begun may wait for what is in hand yet.</summary>
    public TimeSpan Wait(TimeSpan now) => Patience - (now - _begunAt!.Value);
}
