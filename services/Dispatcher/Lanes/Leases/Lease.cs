namespace Webhooks.Dispatcher.Lanes.Leases;

/// <summary>
/// This process's right to serve lanes, as long as it may rely on it. Asked before every send: a process that was stopped
/// and runs on finds that its time is over, whatever it was about to do.
/// </summary>
internal sealed class Lease(TimeProvider clock)
{
    /// <summary>
    /// For how long a renewal is good, by the database's clock. A holder that dies is replaced within this and a beat. Not shorter:
    /// a machine, or a database, that stands still for longer makes lanes change hands, and what is on the wire then comes twice.
    /// </summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(1.5);

    /// <summary>How often it is renewed.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    // Less than the term by what may pass between the last look at the lease and the first byte on the wire.
    private static readonly TimeSpan ReliedOn = Term - TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private long _id;
    private long _askedAt;
    private long _keptSince;

    /// <summary>Under which id it is held; 0: not at all.</summary>
    public long Id
    {
        get
        {
            lock (_lock)
            {
                return _id;
            }
        }
    }

    private bool IsOverdue => clock.GetElapsedTime(_askedAt) >= ReliedOn;

    /// <summary>May what was taken under this id still be served?</summary>
    public bool Covers(long id)
    {
        lock (_lock)
        {
            return id == _id && id != 0 && !IsOverdue;
        }
    }

    /// <summary>
    /// And is what was read at <paramref name="readAt"/> still to be relied on? Not if the lease was overdue since. Then it may have been
    /// renewed because nobody else had taken anything; but nothing tells what was changed while this process could not see it.
    /// </summary>
    /// <param name="id">Under which it was taken.</param>
    /// <param name="readAt">Timestamp from before the database was asked.</param>
    public bool Covers(long id, long readAt)
    {
        lock (_lock)
        {
            return Covers(id) && readAt >= _keptSince;
        }
    }

    /// <param name="id">Begun, or renewed.</param>
    /// <param name="askedAt">Timestamp from before the database was asked: the database began to count the term later.</param>
    public void Hold(long id, long askedAt)
    {
        lock (_lock)
        {
            if (id != _id || IsOverdue)
            {
                _keptSince = clock.GetTimestamp();
            }

            (_id, _askedAt) = (id, askedAt);
        }
    }

    /// <summary>Somebody else has ended it.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            _id = 0;
        }
    }
}
