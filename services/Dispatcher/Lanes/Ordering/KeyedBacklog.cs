using Webhooks.Dispatcher.Lanes.Reading;

namespace Webhooks.Dispatcher.Lanes.Ordering;

/// <summary>
/// What may go next in an ordered lane: the due heads of keys, and what has no key. A key whose head ended or is due again is
/// asked for by itself; news makes it go once around all keys, page by page, because news does not say of which key it is.
/// </summary>
internal sealed class KeyedBacklog(TimeProvider clock, LaneHands hands) : ILaneBacklog
{
    private const int KeysAtOnce = 500;

    // Enough for the next turns: more is looked for when there are fewer.
    private const int Enough = 100;

    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    // Between pages on which nothing was due: a hundred thousand keys that wait must not keep the database busy.
    private static readonly TimeSpan PagePause = TimeSpan.FromMilliseconds(20);

    // How long a head waits that is in hand because of a message, or since before there was an order.
    private static readonly TimeSpan HandPause = TimeSpan.FromMilliseconds(100);

    private readonly long _begunAt = clock.GetTimestamp();
    private readonly KeyTurns _turns = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, long> _keysInHand = [];
    private readonly List<long> _ended = [];
    private Queue<LaneEntry> _loose = new();
    private TimeSpan? _nextLoose;
    private TimeSpan _readAt;
    private bool _isLooseRead;
    private bool _hasReleased;

    // How often it is still to be gone around, and from where. Twice: news came when half of it was gone.
    private int _rounds = 1;
    private long _from = long.MinValue;

    public int Ready => _turns.Ready + _loose.Count;

    public bool AsksForReleased => true;

    public bool NeedsReading => Ready == 0 ? UntilNext <= TimeSpan.Zero : Now - _readAt > Fresh;

    public TimeSpan? UntilNext
    {
        get
        {
            lock (_lock)
            {
                if (_hasReleased || !_isLooseRead)
                {
                    return TimeSpan.Zero;
                }
            }

            TimeSpan?[] moments = [_turns.NextAsk, _nextLoose, _rounds > 0 ? _readAt + PagePause : null];
            return moments.Min() - Now;
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(_begunAt);

    public void Doubt()
    {
        _rounds = _from == long.MinValue ? 1 : 2;
        _isLooseRead = false;
    }

    public async Task<bool> ReadAsync(HeldLane lane, LaneReads reads, CancellationToken stop)
    {
        // Before the rows are read: what ended until now is not found as a head any more.
        lock (_lock)
        {
            _ended.ForEach(_turns.Ended);
            _ended.Clear();
            _hasReleased = false;
        }

        var now = Now;
        // So many without a key that some of them are in nobody's hand.
        var looseLimit = hands.Count + KeysAtOnce;
        // Keys that had their turn are asked for no sooner than others are looked for. Otherwise those that were found first, and have
        // much to send, would have all turns.
        var needsMore = _turns.Ready < Enough;
        var keys = needsMore ? _turns.TakeKeysToAsk(now, KeysAtOnce) : [];
        var search = new HeadSearch(keys, needsMore && _rounds > 0 ? _from : null, KeysAtOnce, looseLimit);
        if (await reads.FindHeadsAsync(lane, search, stop) is not { } found)
        {
            return false;
        }

        _readAt = now;
        foreach (var head in found.Asked.Concat(found.Next))
        {
            _turns.Found(hands.Has(head.Entry.Id) ? head with { Entry = head.Entry with { WaitsFor = HandPause } } : head, now);
        }

        if (search.From is not null)
        {
            GoOn(found.Next);
        }

        Fill(found.Loose, looseLimit, now);
        return true;
    }

    public List<LaneEntry> Take(int count)
    {
        var taken = new List<LaneEntry>(count);
        while (taken.Count < count && Ready > 0)
        {
            var isHead = _turns.TryPeek(out var head) && !(_loose.TryPeek(out var loose) && loose.DueAt < head.Entry.DueAt);
            var entry = isHead ? _turns.Take().Entry : _loose.Dequeue();
            if (isHead)
            {
                lock (_lock)
                {
                    _keysInHand[entry.Id] = head.Key;
                }
            }

            if (hands.TryTake(entry.Id))
            {
                taken.Add(entry);
            }
            else
            {
                Forget(entry.Id);
            }
        }

        return taken;
    }

    public void Release(Guid deliveryId)
    {
        hands.Release(deliveryId);
        Forget(deliveryId);
    }

    private void Forget(Guid deliveryId)
    {
        lock (_lock)
        {
            _hasReleased = true;
            if (_keysInHand.Remove(deliveryId, out var key))
            {
                _ended.Add(key);
            }
        }
    }

    private void GoOn(IReadOnlyList<KeyHead> page)
    {
        if (page.Count == KeysAtOnce && page[^1].Key < long.MaxValue)
        {
            _from = page[^1].Key + 1;
        }
        else
        {
            (_from, _rounds) = (long.MinValue, _rounds - 1);
        }
    }

    private void Fill(IReadOnlyList<LaneEntry> first, int limit, TimeSpan now)
    {
        _loose = new Queue<LaneEntry>(first.TakeWhile(entry => entry.WaitsFor <= TimeSpan.Zero).Where(entry => !hands.Has(entry.Id)));
        _nextLoose = first
            .SkipWhile(entry => entry.WaitsFor <= TimeSpan.Zero).Select(entry => now + entry.WaitsFor).Cast<TimeSpan?>().FirstOrDefault();

        // All that was asked for is due: there may be more.
        _isLooseRead = first.Count < limit || _nextLoose is not null;
    }
}
