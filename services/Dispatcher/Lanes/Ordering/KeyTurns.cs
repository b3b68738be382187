namespace Webhooks.Dispatcher.Lanes.Ordering;

/// <summary>
/// Whose turn it is in an ordered lane, as far as its holder has to remember it. Which delivery is the oldest of its key is
/// never remembered, but asked for; here stands only which keys need not be asked for at present, because their oldest is in
/// hand or not due. So whatever ends a delivery, and whoever takes the lane over, the order is that of the rows. Pure: times
/// are given, counted from any fixed moment.
/// </summary>
internal sealed class KeyTurns
{
    // Null: its head is ready or was taken. Otherwise: until when it waits.
    private readonly Dictionary<long, TimeSpan?> _known = [];
    private readonly PriorityQueue<long, TimeSpan> _waiting = new();
    private readonly HashSet<long> _toAsk = [];
    private readonly Queue<KeyHead> _ready = new();

    /// <summary>How many may go at once.</summary>
    public int Ready => _ready.Count;

    /// <summary>When a key is to be asked for; null: none is, before something else happens.</summary>
    public TimeSpan? NextAsk => _toAsk.Count > 0 ? TimeSpan.Zero : _waiting.TryPeek(out _, out var at) ? at : null;

    /// <summary>Takes the keys that are to be asked for now: one of theirs has ended, or is due again.</summary>
    public IReadOnlyList<long> TakeKeysToAsk(TimeSpan now, int limit)
    {
        while (_waiting.TryPeek(out var key, out var until) && until <= now)
        {
            _waiting.Dequeue();

            // Otherwise the key was found to wait for an earlier moment since: it has had that entry, and may be in hand by now.
            if (_known.TryGetValue(key, out var present) && present == until)
            {
                _known.Remove(key);
                _toAsk.Add(key);
            }
        }

        long[] keys = [.. _toAsk.Take(limit)];
        _toAsk.ExceptWith(keys);
        return keys;
    }

    /// <summary>
    /// Takes note of a head that was asked for, or found on the way: it is ready, or waits for its time. Found after all that has ended was told.
    /// </summary>
    public void Found(KeyHead head, TimeSpan now)
    {
        var isKnown = _known.TryGetValue(head.Key, out var present);
        if (isKnown && present is null)
        {
            return;
        }

        _toAsk.Remove(head.Key);
        var until = now + head.Entry.WaitsFor;
        if (until <= now)
        {
            _known[head.Key] = null;
            _ready.Enqueue(head);
        }
        else if (!isKnown || until < present)
        {
            // A later moment than is known is found out when the known one has come.
            _known[head.Key] = until;
            _waiting.Enqueue(head.Key, until);
        }
    }

    public bool TryPeek(out KeyHead head) => _ready.TryPeek(out head);

    /// <summary>Takes the next one that may go. Its key has no other turn until <see cref="Ended"/>.</summary>
    public KeyHead Take() => _ready.Dequeue();

    /// <summary>
    /// Nobody works on what was taken of a key any more: it has ended, or waits, or was never begun. The rows know.
    /// </summary>
    public void Ended(long key)
    {
        _known.Remove(key);
        _toAsk.Add(key);
    }
}
