namespace Webhooks.CallbackIngest.Auditing;

/// <summary>
/// Refusals on their way into the audit. Each caller has so many rows of one code a minute; what goes beyond is counted,
/// and told of in one row when the minute is over: whoever floods us fills neither the table nor the memory.
/// </summary>
internal sealed class RefusalTally
{
    /// <summary>Rows a minute, for one caller, one tenant and one code.</summary>
    public const int Singly = 20;

    /// <summary>Rows that wait for the database, and callers that are counted in a minute.</summary>
    public const int Most = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<Refusal> _waiting = new();
    private readonly Dictionary<(string Actor, string? TenantId, string Code), Beyond> _counted = [];
    private long _minute = long.MinValue;
    private int _dropped;

    public void Add(Refusal refusal)
    {
        lock (_lock)
        {
            CloseBefore(MinuteOf(refusal.At));
            var key = (refusal.By.Id, refusal.TenantId, refusal.Code);
            if (!_counted.TryGetValue(key, out var beyond))
            {
                if (_counted.Count >= Most)
                {
                    _dropped++;
                    return;
                }

                _counted.Add(key, beyond = new Beyond());
            }

            if (beyond.Rows < Singly)
            {
                beyond.Rows++;
                Enqueue(refusal);
            }
            else
            {
                beyond.Add(refusal);
            }
        }
    }

    /// <summary>The next rows to write, and how many calls were dropped since it was asked last.</summary>
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

        foreach (var many in _counted.Values.Select(beyond => beyond.Many).OfType<Refusal>())
        {
            Enqueue(many);
        }

        _counted.Clear();
        _minute = minute;
    }

    private void Enqueue(Refusal refusal)
    {
        if (_waiting.Count < Most)
        {
            _waiting.Enqueue(refusal);
        }
        else
        {
            _dropped += refusal.Many?.Count ?? 1;
        }
    }

    /// <summary>What one caller had of one code in a minute.</summary>
    private sealed class Beyond
    {
        public int Rows { get; set; }

        /// <summary>Null: there were not that many.</summary>
        public Refusal? Many { get; private set; }

        public void Add(Refusal refusal) => Many = Many is { Many: var (count, _) } many
            ? many with { Many = (count + 1, refusal.At) }
            : refusal with
            {
                Names = new CallbackNames(refusal.Names.SubjectMember, null, null, null, null, refusal.Names.SourceId),
                TraceId = null,
                Many = (1, refusal.At),
            };
    }
}
