using System.Runtime.InteropServices;

namespace Webhooks.CallbackIngest.Auditing;

/// <summary>
/// Refusals on their way into the audit. Each caller has so many rows a minute, in all and of one tenant and code; what goes
/// beyond is counted, and told of when the minute is over: whoever floods us fills neither the table nor the memory, and
/// takes no room of others.
/// </summary>
internal sealed class RefusalTally
{
    /// <summary>Rows a minute, for one caller, one tenant and one code.</summary>
    public const int Singly = 20;

    /// <summary>Rows a minute for one caller, whatever tenants and codes its calls have.</summary>
    public const int SinglyInAll = 200;

    /// <summary>Tenants and codes that are counted apart for one caller in a minute. Who names more has a count a code without a tenant.</summary>
    public const int Apart = 100;

    /// <summary>Rows that wait for the database.</summary>
    public const int Most = 10_000;

    /// <summary>Of them one caller's.</summary>
    public const int MostOfOne = 1_000;

    private readonly Lock _lock = new();
    private readonly Queue<Refusal> _waiting = new();
    private readonly Dictionary<string, int> _waitingOf = new(StringComparer.Ordinal);

    // As many as there are tokens and sources.
    private readonly Dictionary<string, CallerMinute> _callers = new(StringComparer.Ordinal);
    private long _minute = long.MinValue;
    private int _dropped;

    public void Add(Refusal refusal)
    {
        lock (_lock)
        {
            CloseBefore(MinuteOf(refusal.At));
            if (!_callers.TryGetValue(refusal.By.Id, out var caller))
            {
                _callers.Add(refusal.By.Id, caller = new CallerMinute());
            }

            if (caller.Takes(refusal))
            {
                Enqueue(refusal);
            }
        }
    }

    /// <summary>The next rows to write, and how many calls were dropped since it was asked last, because too many rows waited.</summary>
    /// <param name="now">Minutes that are over by then are told of.</param>
    /// <param name="limit">How many rows.</param>
    public (IReadOnlyList<Refusal> Rows, int Dropped) Take(DateTimeOffset now, int limit)
    {
        lock (_lock)
        {
            CloseBefore(MinuteOf(now));
            var rows = new List<Refusal>(Math.Min(limit, _waiting.Count));
            while (rows.Count < limit && _waiting.TryDequeue(out var refusal))
            {
                rows.Add(refusal);
                if (--CollectionsMarshal.GetValueRefOrNullRef(_waitingOf, refusal.By.Id) == 0)
                {
                    _waitingOf.Remove(refusal.By.Id);
                }
            }

            var dropped = _dropped;
            _dropped = 0;
            return (rows, dropped);
        }
    }

    private static long MinuteOf(DateTimeOffset at) => at.UtcTicks / TimeSpan.TicksPerMinute;

    private void CloseBefore(long minute)
    {
        // A clock that is set back ends no minute.
        if (minute <= _minute)
        {
            return;
        }

        foreach (var many in _callers.Values.SelectMany(caller => caller.Counted))
        {
            Enqueue(many);
        }

        _callers.Clear();
        _minute = minute;
    }

    private void Enqueue(Refusal refusal)
    {
        ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_waitingOf, refusal.By.Id, out _);
        if (_waiting.Count < Most && own < MostOfOne)
        {
            own++;
            _waiting.Enqueue(refusal);
        }
        else
        {
            _dropped += refusal.Many?.Count ?? 1;
            if (own == 0)
            {
                _waitingOf.Remove(refusal.By.Id);
            }
        }
    }
}
