namespace Webhooks.Dispatcher.Lanes.Reading;

/// <summary>The first due deliveries of a lane that are in nobody's hand, read ahead, a hundred at most.</summary>
internal sealed class LaneBacklog(TimeProvider clock, LaneHands hands) : ILaneBacklog
{
    public const int Limit = 100;

    // What was read before may have been canceled, or have moved: it is read again.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private Queue<LaneEntry> _ahead = new();
    private long _readAt;
    private bool _isRead;
    private TimeSpan? _nextDue;

    /// <summary>How many are to be read so that some are found that are in nobody's hand.</summary>
    public int ToRead => hands.Count + Limit + 1;

    public bool NeedsReading => _ahead.Count == 0 ? !_isRead || UntilNext <= TimeSpan.Zero : clock.GetElapsedTime(_readAt) > Fresh;

    /// <summary>How long until the first that is not due yet; null: none is known.</summary>
    public TimeSpan? UntilNext => _nextDue - clock.GetElapsedTime(_readAt);

    public int Ready => _ahead.Count;

    public bool AsksForReleased => false;

    public void Doubt() => _isRead = false;

    public async Task<bool> ReadAsync(HeldLane lane, LaneReads reads, CancellationToken stop)
    {
        var (askedAt, limit) = (clock.GetTimestamp(), ToRead);
        if (await reads.FindFirstAsync(lane, limit, stop) is not { } first)
        {
            return false;
        }

        Fill(first, limit, askedAt);
        return true;
    }

    /// <param name="first">The lane's first deliveries.</param>
    /// <param name="limit">As many were asked for.</param>
    /// <param name="askedAt">Timestamp from before.</param>
    public void Fill(IReadOnlyList<LaneEntry> first, int limit, long askedAt)
    {
        _readAt = askedAt;
        _ahead = new Queue<LaneEntry>(
            first.TakeWhile(entry => entry.WaitsFor <= TimeSpan.Zero).Where(entry => !hands.Has(entry.Id)).Take(Limit));

        var later = first.Where(entry => entry.WaitsFor > TimeSpan.Zero).Take(1).ToList();
        _nextDue = later.Count > 0 ? later[0].WaitsFor : null;
        // All that is due was seen: only news, or time, brings more.
        _isRead = later.Count > 0 || first.Count < limit;
        if (_ahead.Count == Limit)
        {
            _isRead = false;
        }
    }

    public List<LaneEntry> Take(int count)
    {
        var taken = new List<LaneEntry>(count);
        while (taken.Count < count && _ahead.TryDequeue(out var entry))
        {
            if (hands.TryTake(entry.Id))
            {
                taken.Add(entry);
            }
        }

        return taken;
    }

    public void Release(Guid deliveryId) => hands.Release(deliveryId);
}
