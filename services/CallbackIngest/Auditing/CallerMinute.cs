namespace Webhooks.CallbackIngest.Auditing;

/// <summary>What one caller was refused in one minute: so many rows, and counts of the rest.</summary>
internal sealed class CallerMinute
{
    private readonly Dictionary<(string? TenantId, string Code), Beyond> _apart = [];

    // Codes are ours, and few.
    private readonly Dictionary<string, Beyond> _others = new(StringComparer.Ordinal);
    private int _rows;

    /// <summary>A row for each tenant and code of which more was refused than has a row.</summary>
    public IEnumerable<Refusal> Counted => _apart.Values.Concat(_others.Values).Select(beyond => beyond.Many).OfType<Refusal>();

    /// <summary>True: it has a row of its own. False: it is counted.</summary>
    public bool Takes(Refusal refusal)
    {
        if (!_apart.TryGetValue((refusal.TenantId, refusal.Code), out var beyond))
        {
            if (_apart.Count >= RefusalTally.Apart)
            {
                return TakesOther(refusal);
            }

            _apart.Add((refusal.TenantId, refusal.Code), beyond = new Beyond());
        }

        if (beyond.Rows >= RefusalTally.Singly || _rows >= RefusalTally.SinglyInAll)
        {
            beyond.Add(refusal);
            return false;
        }

        beyond.Rows++;
        _rows++;
        return true;
    }

    private bool TakesOther(Refusal refusal)
    {
        if (_rows < RefusalTally.SinglyInAll)
        {
            _rows++;
            return true;
        }

        if (!_others.TryGetValue(refusal.Code, out var beyond))
        {
            _others.Add(refusal.Code, beyond = new Beyond());
        }

        beyond.Add(refusal with { TenantId = null });
        return false;
    }

    /// <summary>What there was of one tenant and code.</summary>
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
                ForeignTenantId = null,
                Many = (1, refusal.At),
            };
    }
}
