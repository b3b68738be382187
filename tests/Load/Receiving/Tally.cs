using System.Diagnostics;

namespace Webhooks.Load.Receiving;

/// <summary>Who has published and received what, when: by event number and subscription number, without a lock.</summary>
/// <param name="prefix">Of its events' ids.</param>
/// <param name="events">How many are published.</param>
/// <param name="fanout">How many copies of each are awaited.</param>
/// <param name="typeOf">An event's type by its number; null: <see cref="Publishing.EventSource.EventType"/>.</param>
/// <param name="awaited">Which events are awaited at all, by number; null: every one.</param>
internal sealed class Tally(string prefix, int events, int fanout, Func<int, string>? typeOf = null, Func<int, bool>? awaited = null)
{
    private readonly int _expected = fanout * (awaited is null ? events : Enumerable.Range(0, events).Count(awaited));
    private readonly long[] _publishedAt = new long[events];
    private readonly long[] _latency = new long[events * fanout];
    private readonly int[] _copies = new int[events * fanout];
    private int _arrived;
    private long _firstPublish = long.MaxValue;
    private long _lastArrival;
    private long _lastRequest = Stopwatch.GetTimestamp();

    public string Prefix => prefix;

    public int Events => events;

    /// <summary>Copies that are awaited, in all.</summary>
    public int Expected => _expected;

    public int Lost => _expected - Volatile.Read(ref _arrived);

    public int Duplicates => _copies.Sum(copies => Math.Max(0, copies - 1));

    /// <summary>From the first publish to the last first copy.</summary>
    public TimeSpan Duration => Stopwatch.GetElapsedTime(_firstPublish, _lastArrival);

    /// <summary>The moment of the last first copy, as the stopwatch counts.</summary>
    public long LastArrival => Volatile.Read(ref _lastArrival);

    public string TypeOf(int number) => typeOf?.Invoke(number) ?? Publishing.EventSource.EventType;

    public void Published(int number)
    {
        _publishedAt[number] = Stopwatch.GetTimestamp();
        if (number == 0)
        {
            _firstPublish = _publishedAt[0];
        }
    }

    public void Received(int number, int subscription)
    {
        var now = Stopwatch.GetTimestamp();
        Volatile.Write(ref _lastRequest, now);
        if (awaited?.Invoke(number) == false)
        {
            return;
        }

        var place = (number * fanout) + subscription;
        if (Interlocked.Increment(ref _copies[place]) == 1)
        {
            _latency[place] = now - _publishedAt[number];
            Volatile.Write(ref _lastArrival, now);
            Interlocked.Increment(ref _arrived);
        }
    }

    /// <summary>Latencies from publish to receipt, sorted.</summary>
    public TimeSpan[] Latencies() => Latencies(Enumerable.Range(0, events));

    /// <summary>Those of the first so many events.</summary>
    public TimeSpan[] LatenciesOfFirst(int count) => Latencies(Enumerable.Range(0, count));

    /// <summary>Those of the events that were published at such moments, as the stopwatch counts.</summary>
    public TimeSpan[] Latencies(Func<long, bool> publishedAt) => Latencies(Enumerable.Range(0, events).Where(number => publishedAt(_publishedAt[number])));

    /// <summary>Waits until everything has arrived, or nothing has for <paramref name="patience"/>.</summary>
    public async Task WhenAllArrivedAsync(Task publishing, TimeSpan patience, Action<int> progress, CancellationToken cancellationToken)
    {
        var reported = Stopwatch.GetTimestamp();
        var seen = 0;
        var moved = reported;
        while (Lost > 0)
        {
            if (publishing.IsFaulted)
            {
                await publishing;
            }

            await Task.Delay(20, cancellationToken);
            var arrived = Volatile.Read(ref _arrived);
            if (arrived != seen)
            {
                (seen, moved) = (arrived, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(moved) > patience)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(reported) > TimeSpan.FromSeconds(5))
            {
                progress(arrived);
                reported = Stopwatch.GetTimestamp();
            }
        }
    }

    public async Task WhenQuietAsync(TimeSpan silence, CancellationToken cancellationToken)
    {
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRequest)) < silence)
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    private TimeSpan[] Latencies(IEnumerable<int> numbers) =>
    [
        .. numbers.SelectMany(number => Enumerable.Range(number * fanout, fanout))
            .Where(place => _copies[place] > 0)
            .Select(place => _latency[place])
            .Order()
            .Select(ticks => Stopwatch.GetElapsedTime(0, ticks)),
    ];
}
