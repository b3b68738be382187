namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// For how long this process's renewals have come to the database without a gap. An outage lets every lease run out, though everybody
/// is alive. So a dispatcher may take another one for dead only after a whole term in which renewals were possible. Times are the
/// database's.
/// </summary>
internal sealed class Contact
{
    // Half a term: another dispatcher that renewed as often as this one, and missed the same gap, has the other half left.
    private static readonly TimeSpan LongestGap = Lease.Term / 2;

    private readonly Lock _lock = new();
    private DateTime _since;
    private DateTime _last;

    /// <summary>
    /// Leases that have run out may be ended up to this moment; null: not now. The statement that ends them compares it with the
    /// time of its execution: one that was on its way when the database fell silent is carried out when it speaks again.
    /// </summary>
    public DateTime? JudgesUntil
    {
        get
        {
            lock (_lock)
            {
                return _last - _since >= Lease.Term ? _last + LongestGap : null;
            }
        }
    }

    /// <summary>The database has renewed this process's lease, and has said so.</summary>
    public void Renewed(DateTime at)
    {
        lock (_lock)
        {
            // Backwards, too: another server's clock, or one that was set, says nothing of the time between.
            if ((at - _last).Duration() > LongestGap)
            {
                _since = at;
            }

            _last = at;
        }
    }
}
