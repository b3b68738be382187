namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>What one lane's loop is told by others, and by what it has started. It waits here for that, or for a time.</summary>
internal sealed class LaneNews(TimeProvider clock)
{
    // Timers count whole milliseconds: a wait for less would be none.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isToRead = true;
    private volatile bool _isToHandOver;
    private volatile bool _isLost;

    /// <summary>The lane is to be handed over: nothing more is started.</summary>
    public bool IsToHandOver => _isToHandOver;

    /// <summary>The lane is not this dispatcher's any more.</summary>
    public bool IsLost => _isLost;

    /// <summary>There may be deliveries that were not read.</summary>
    public bool IsToRead => _isToRead;

    public static TimeSpan AtLeastShortest(TimeSpan wait) => wait > Shortest ? wait : Shortest;

    public void HandOver()
    {
        _isToHandOver = true;
        Wake();
    }

    public void Lose()
    {
        _isLost = true;
        Wake();
    }

    /// <summary>There may be deliveries to read, at the loop's next turn.</summary>
    public void AskToRead() => _isToRead = true;

    /// <summary>They are being read.</summary>
    public void Read() => _isToRead = false;

    /// <summary>Begins the next turn at once.</summary>
    public void Wake() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>
    /// Waits for news. After it the loop looks at everything anew; news that came while it was awake ends the next wait at once.
    /// </summary>
    /// <param name="atMost">Zero or less: not at all.</param>
    public async Task WaitAsync(TimeSpan atMost)
    {
        if (atMost <= TimeSpan.Zero)
        {
            return;
        }

        await Volatile.Read(ref _next).Task.WaitAsync(AtLeastShortest(atMost), clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
