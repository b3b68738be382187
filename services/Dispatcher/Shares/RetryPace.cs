using Webhooks.Broker.Deliveries;

namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Has retries give way to first attempts (decision 0028). While first attempts come, no more retries begin than first attempts do.
/// Without first attempts they begin slowly, too, for some may be about to come: at most twice as many as a second ago. But
/// <see cref="Least"/> a second may begin in any case. One for all shards of a dispatcher.
/// </summary>
internal sealed class RetryPace(TimeProvider clock)
{
    /// <summary>Retries a second that first attempts, however few, have to bear. A hundred thousand are made in just under <see cref="Patience"/>.</summary>
    public const int Least = 340;

    /// <summary>How long a backlog gives way. One of a hundred thousand is over by then.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>How many are announced together, in full messages. Their statements take the same database and processors, so these are few.</summary>
    public const int AnnouncedAtOnce = 6 * Announcement.MostTogether;

    // While the dispatchers have room for more, the announcer rests three times as long as it took, at most.
    private const int RestShare = 3;

    // Many at once would hold up for the time of a burst whatever comes in it; of few, each has a look at the database nearly to itself.
    private const int GroupsASecond = 25;

    // Where nobody else comes, a hundred thousand that are due at one moment are at full speed after five seconds.
    private const int Growth = 2;

    // Who begins so much of what may begin in a second is kept waiting.
    private const double NearlyAll = 0.8;

    private const int MostDoublings = 10;

    // A second in which a machine stood still, or first attempts jumped up, ends no backlog; half a minute does.
    private const int Forgetting = 10;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    // A loop whose looks at the database take longer than a group's share of a second would not keep the pace. It makes up for as
    // much as this, by larger groups.
    private static readonly TimeSpan MostBehind = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _windowBegan = clock.GetTimestamp();
    private Counts _inWindow;
    private Counts _inWindowBefore;
    private TimeSpan _keptWaiting;
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

    /// <summary>
    /// Counts so many retries as announced, and answers for how long whoever announces them rests now: until more may be announced.
    /// But it feeds other dispatchers, too: as long as none of those that it announced before waits for a dispatcher that has room,
    /// it rests, beside first attempts, three times as long as it took at most.
    /// </summary>
    /// <param name="count">How many were announced.</param>
    /// <param name="time">How long that took.</param>
    /// <param name="someWait">Whether some wait in the queues, because the dispatchers have no room for them.</param>
    public TimeSpan RestAfter(int count, TimeSpan time, bool someWait)
    {
        lock (_lock)
        {
            var untilNext = TimeSpan.FromSeconds((double)count / Rate(before => before.Announced)) - time;
            var longest = FirstAttempts() > 0 && !someWait ? RestShare * time : untilNext;
            _inWindow.Announced += count;
            return TimeSpan.FromTicks(Math.Clamp(untilNext.Ticks, 0, Math.Max(0, longest.Ticks)));
        }
    }

    /// <summary>So many first attempts begin.</summary>
    public void SawFirstAttempts(int count)
    {
        lock (_lock)
        {
            Turn();
            _inWindow.FirstAttempts += count;
        }
    }

    /// <summary>How many retries may begin together.</summary>
    public int RetriesAtOnce()
    {
        lock (_lock)
        {
            var rate = Rate(before => before.Retries);
            var now = clock.GetTimestamp();
            var behind = clock.GetElapsedTime(BeginsAt(now), now);
            return Math.Min((rate / GroupsASecond) + (behind > TimeSpan.Zero ? (int)(rate * behind.TotalSeconds) : 0), Admission.MostAtOnce);
        }
    }

    /// <summary>Counts so many retries as begun, after the time that is answered.</summary>
    public TimeSpan Admit(int count)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var beginsAt = BeginsAt(now);
            _nextAt = beginsAt + (long)(count * (double)clock.TimestampFrequency / Rate(before => before.Retries));
            _inWindow.Retries += count;
            return beginsAt > now ? clock.GetElapsedTime(now, beginsAt) : TimeSpan.Zero;
        }
    }

    private long BeginsAt(long now) => Math.Max(_nextAt, now - (long)(MostBehind.TotalSeconds * clock.TimestampFrequency));

    /// <summary>Retries a second.</summary>
    /// <param name="grows">Which count of the last second decides without first attempts.</param>
    private int Rate(Func<Counts, int> grows)
    {
        Turn();
        return RateNow(grows);
    }

    private int RateNow(Func<Counts, int> grows)
    {
        var doublings = (int)Math.Min(_keptWaiting / Patience, MostDoublings);
        return FirstAttempts() is > 0 and var firstAttempts
            ? Math.Max(Least, firstAttempts) << doublings
            : Math.Max(Least << doublings, Growth * grows(_inWindowBefore));
    }

    private int FirstAttempts() => Math.Max(_inWindow.FirstAttempts, _inWindowBefore.FirstAttempts);

    private void Turn()
    {
        var elapsed = clock.GetElapsedTime(_windowBegan);
        if (elapsed >= Window)
        {
            var isOfNow = elapsed < 2 * Window;
            var isKeptWaiting = isOfNow && _inWindow.Retries >= NearlyAll * RateNow(before => before.Retries);
            _keptWaiting = isKeptWaiting ? _keptWaiting + elapsed : TimeSpan.FromTicks(Math.Max(0, (_keptWaiting - (Forgetting * elapsed)).Ticks));
            _inWindowBefore = isOfNow ? _inWindow : default;
            (_inWindow, _windowBegan) = (default, clock.GetTimestamp());
        }
    }

    private struct Counts
    {
        public int FirstAttempts;
        public int Retries;
        public int Announced;
    }
}
