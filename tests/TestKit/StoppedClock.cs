namespace Webhooks.TestKit;

/// <summary>A clock that stands still until it is moved, and its timers with it. For what a test counts to the letter.</summary>
/// <param name="start">The wall's time at first.</param>
public sealed class StoppedClock(DateTimeOffset start) : TimeProvider
{
    private readonly List<StoppedTimer> _timers = [];
    private TimeSpan _now;

    public StoppedClock()
        : this(System.GetUtcNow())
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => start + Now;

    public override long GetTimestamp() => Now.Ticks;

    public void Advance(TimeSpan time)
    {
        StoppedTimer[] due;
        lock (_timers)
        {
            _now += time;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            Array.ForEach(due, timer => timer.Due = TimeSpan.MaxValue);
        }

        Array.ForEach(due, timer => timer.Ring());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new StoppedTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private TimeSpan Now
    {
        get
        {
            lock (_timers)
            {
                return _now;
            }
        }
    }

    private sealed class StoppedTimer(StoppedClock clock, Action ring) : ITimer
    {
        public TimeSpan Due { get; set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._timers)
            {
                clock._timers.Remove(this);
                clock._timers.Add(this);
                Due = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : clock._now + dueTime;
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._timers)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
