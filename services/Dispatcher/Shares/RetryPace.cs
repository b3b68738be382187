namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Has retries give way to first attempts (decision 0028). While first attempts come, no more retries begin than first attempts do, but
/// <see cref="Least"/> a second in any case; without first attempts any number. One for all shards of a dispatcher.
/// </summary>
internal sealed class RetryPace(TimeProvider clock)
{
    /// <summary>Retries a second that first attempts, however few, have to bear. A hundred thousand are made in two minutes.</summary>
    public const int Least = 1_000;

    // Many at once would hold up for the time of a burst whatever comes in it.
    private const int GroupsASecond = 100;

    // Of the announcer's: its statements and messages take the same database, broker and processors, so it rests after each, three times as long at most.
    private const int GroupsAChunk = 10;
    private const int RestShare = 3;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _windowBegan = clock.GetTimestamp();
    private int _inWindow;
    private int _inWindowBefore;
    private long _nextAt = clock.GetTimestamp();

    /// <summary>For a loop that takes first attempts.</summary>
    public Admission ForFirstAttempts => new(
        () => Admission.MostAtOnce,
        (count, _) =>
        {
            SawFirstAttempts(count);
            return Task.CompletedTask;
        });

    /// <summary>For a loop that takes retries.</summary>
    public Admission ForRetries => new(
        RetriesAtOnce,
        (count, stop) => Admit(count) is var wait && wait > TimeSpan.Zero ? Task.Delay(wait, clock, stop) : Task.CompletedTask);

    /// <summary>For how long whoever announces retries, chunk after chunk, rests after one: no longer than its pace allows.</summary>
    /// <param name="count">How many were announced.</param>
    /// <param name="time">How long that took.</param>
    public TimeSpan RestAfter(int count, TimeSpan time)
    {
        if (Rate() is not { } rate)
        {
            return TimeSpan.Zero;
        }

        var untilNext = TimeSpan.FromSeconds((double)count / rate) - time;
        return untilNext > RestShare * time ? RestShare * time : untilNext > TimeSpan.Zero ? untilNext : TimeSpan.Zero;
    }

    /// <summary>So many first attempts begin.</summary>
    public void SawFirstAttempts(int count)
    {
        lock (_lock)
        {
            Turn();
            _inWindow += count;
        }
    }

    /// <summary>How many retries may begin together.</summary>
    public int RetriesAtOnce() => Rate() is { } rate ? Math.Min(rate / GroupsASecond, Admission.MostAtOnce) : Admission.MostAtOnce;

    /// <summary>How many retries may be announced together.</summary>
    public int AnnouncedAtOnce() => RetriesAtOnce() * GroupsAChunk;

    /// <summary>Counts so many retries as begun, after the time that is answered.</summary>
    public TimeSpan Admit(int count)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (Rate() is not { } rate)
            {
                _nextAt = now;
                return TimeSpan.Zero;
            }

            var beginsAt = Math.Max(now, _nextAt);
            _nextAt = beginsAt + (long)(count * (double)clock.TimestampFrequency / rate);
            return clock.GetElapsedTime(now, beginsAt);
        }
    }

    /// <summary>Retries a second; null: any number.</summary>
    private int? Rate()
    {
        lock (_lock)
        {
            Turn();
            var firstAttempts = Math.Max(_inWindow, _inWindowBefore);
            return firstAttempts == 0 ? null : Math.Max(firstAttempts, Least);
        }
    }

    private void Turn()
    {
        var elapsed = clock.GetElapsedTime(_windowBegan);
        if (elapsed >= Window)
        {
            _inWindowBefore = elapsed < 2 * Window ? _inWindow : 0;
            (_inWindow, _windowBegan) = (0, clock.GetTimestamp());
        }
    }
}
