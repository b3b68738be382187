namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// The first due deliveries of a lane that are in nobody's hand, read ahead, a hundred at most. Belongs to the lane's loop;
/// only what is in hand may be changed by others.
/// </summary>
internal sealed class LaneBacklog(TimeProvider clock)
{
    public const int Limit = 100;

    // What was read before may have been canceled, or have moved: it is read again.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private readonly HashSet<Guid> _inHand = [];
    private Queue<LaneEntry> _ahead = new();
    private long _readAt;
    private bool _isRead;
    private TimeSpan? _nextDue;

    /// <summary>How many are being worked on.</summary>
    public int InHand
    {
        get
        {
            lock (_inHand)
            {
                return _inHand.Count;
            }
        }
    }

    /// <summary>How many are to be read so that some are found that are in nobody's hand.</summary>
    public int ToRead => InHand + Limit + 1;

    /// <summary>What is due is to be read: there may be some, or what was read is old.</summary>
    public bool NeedsReading => _ahead.Count == 0 ? !_isRead || UntilNext <= TimeSpan.Zero : clock.GetElapsedTime(_readAt) > Fresh;

    /// <summary>How long until the first that is not due yet; null: none is known.</summary>
    public TimeSpan? UntilNext => _nextDue - clock.GetElapsedTime(_readAt);

    public int Ahead => _ahead.Count;

    /// <summary>There may be new ones.</summary>
    public void Doubt() => _isRead = false;

    /// <param name="first">The lane's first deliveries.</param>
    /// <param name="limit">As many were asked for.</param>
    /// <param name="askedAt">Timestamp from before.</param>
    public void Fill(IReadOnlyList<LaneEntry> first, int limit, long askedAt)
    {
        _readAt = askedAt;
        lock (_inHand)
        {
            _ahead = new Queue<LaneEntry>(first.TakeWhile(entry => entry.WaitsFor <= TimeSpan.Zero).Where(entry => !_inHand.Contains(entry.Id)).Take(Limit));
        }

        var later = first.Where(entry => entry.WaitsFor > TimeSpan.Zero).Take(1).ToList();
        _nextDue = later.Count > 0 ? later[0].WaitsFor : null;
        // All that is due was seen: only news, or time, brings more.
        _isRead = later.Count > 0 || first.Count < limit;
        if (_ahead.Count == Limit)
        {
            _isRead = false;
        }
    }

    /// <summary>Takes the next ones into hand.</summary>
    public List<LaneEntry> Take(int count)
    {
        var taken = new List<LaneEntry>(count);
        lock (_inHand)
        {
            while (taken.Count < count && _ahead.TryDequeue(out var entry))
            {
                if (_inHand.Add(entry.Id))
                {
                    taken.Add(entry);
                }
            }
        }

        return taken;
    }

    /// <summary>Work on one has ended, or was not begun.</summary>
    public void Release(Guid deliveryId)
    {
        lock (_inHand)
        {
            _inHand.Remove(deliveryId);
        }
    }
}
