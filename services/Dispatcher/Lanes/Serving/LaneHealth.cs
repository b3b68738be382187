using Webhooks.Dispatcher.Health;

namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// How the receiver of one lane fares, as its holder knows: read out of the fleet's record, and again when that may say
/// something else. Belongs to the lane's loop; what makes it look again may be called by others.
/// </summary>
internal sealed class LaneHealth(HeldLane lane, LaneTools tools)
{
    // Being told of new deliveries, several times a second, is seldom being told of this; our own attempts say it themselves.
    private static readonly TimeSpan DoubtAfter = TimeSpan.FromMilliseconds(250);

    private volatile bool _isOld = true;
    private volatile bool _isDoubted;
    private long _readAt;

    public EndpointHealth Known { get; private set; } = EndpointHealth.Unknown;

    /// <summary>The lane is needed because of it.</summary>
    public bool NeedsLane => Known.NeedsLane(tools.Clock.GetUtcNow());

    /// <summary>For how long nothing may be sent; zero or less: something may.</summary>
    public TimeSpan ClosedFor => Known.ClosedUntil - tools.Clock.GetUtcNow() ?? TimeSpan.Zero;

    private bool IsToRead => _isOld || (_isDoubted && (NeedsLane || tools.Clock.GetElapsedTime(_readAt) > DoubtAfter));

    /// <summary>Others may have recorded something.</summary>
    public void Doubt() => _isDoubted = true;

    /// <summary>Something is recorded that says more than that the receiver is well.</summary>
    public void Outdate() => _isOld = true;

    public async Task RefreshAsync(CancellationToken stop)
    {
        if (IsToRead)
        {
            (_isOld, _isDoubted, _readAt) = (false, false, tools.Clock.GetTimestamp());
            Known = await tools.Work.FindHealthAsync(lane, stop);
        }
    }
}
