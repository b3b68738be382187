namespace Webhooks.Dispatcher.Lanes.Doors;

/// <summary>The opening of a lane, which takes as long as somebody holds the subscription.</summary>
internal sealed class LaneOpening(TimeProvider clock)
{
    private readonly long _begunAt = clock.GetTimestamp();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _busyAt;

    /// <summary>How long somebody has been seen to hold the subscription; zero: nobody does, as far as is known. The database may be away.</summary>
    public TimeSpan BusyFor => Interlocked.Read(ref _busyAt) is not 0 and var since ? clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Completes when the lane is open, whoever opened it, or could not be opened.</summary>
    public Task Ended => _opened.Task;

    public void FoundBusy() => Interlocked.CompareExchange(ref _busyAt, clock.GetTimestamp(), 0);

    public void End() => _opened.TrySetResult();

    /// <summary>Completes when it has ended, or so long after it was begun.</summary>
    public async Task EndedWithinAsync(TimeSpan patience, CancellationToken stop)
    {
        var left = patience - clock.GetElapsedTime(_begunAt);
        await Ended.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
    }
}
