namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// For how long this process's renewals have come to the database without a gap. An outage lets every lease run out, though everybody
/// is alive. Who calls another one dead must have seen for a whole term that a renewal was possible. Times are the database's.
/// </summary>
internal sealed class Contact
{
    // What is missed in it is not yet missed too long: who renews as often still has as much of its own term left.
    private static readonly TimeSpan LongestGap = Lease.Term / 2;

    private readonly Lock _lock = new();
    private DateTime _since;
    private DateTime _last;

    /// <summary>
    /// Leases that have run out may be ended up to this moment; null: not now. It is for the statement that ends them to
    /// compare: one that was on its way when the database fell silent is carried out when it speaks again.
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
