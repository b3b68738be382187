namespace Webhooks.Dispatcher.Lanes.Serving;

/// <summary>
/// Shares out what all lanes of a dispatcher may have in flight: none gets more than its part of the whole while others want
/// some, however slow its receiver is. Apart from what messages may have in flight, which lanes can never take away.
/// </summary>
internal sealed class LaneSlots
{
    private readonly int _total;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _taken = [];
    private readonly Dictionary<Guid, Action> _wanting = [];
    private readonly Queue<Guid> _order = new();
    private int _free;

    /// <param name="total">For all lanes together.</param>
    public LaneSlots(int total) => (_total, _free) = (total, total);

    /// <param name="lane">Whose lane.</param>
    /// <param name="wanted">How many it has use for.</param>
    /// <param name="wake">Called once when there may be some again, if it gets none now.</param>
    /// <returns>How many it gets, up to <paramref name="wanted"/>; each is to be given back.</returns>
    public int Take(Guid lane, int wanted, Action wake)
    {
        lock (_lock)
        {
            var taken = _taken.GetValueOrDefault(lane);
            var others = _taken.Count + _wanting.Count - (_taken.ContainsKey(lane) ? 1 : 0) - (_wanting.ContainsKey(lane) ? 1 : 0);
            var part = Math.Max(1, _total / (others + 1));
            var given = Math.Clamp(Math.Min(wanted, part - taken), 0, _free);
            if (given > 0)
            {
                _taken[lane] = taken + given;
                _free -= given;
                _wanting.Remove(lane);
            }
            else if (wanted > 0 && _wanting.TryAdd(lane, wake))
            {
                _order.Enqueue(lane);
            }

            return given;
        }
    }

    public void GiveBack(Guid lane, int count)
    {
        if (count == 0)
        {
            return;
        }

        Action? wake;
        lock (_lock)
        {
            _free += count;
            if ((_taken[lane] -= count) == 0)
            {
                _taken.Remove(lane);
            }

            wake = NextWanting();
        }

        wake?.Invoke();
    }

    private Action? NextWanting()
    {
        while (_order.TryDequeue(out var lane))
        {
            // One that got some meanwhile wants none any more.
            if (_wanting.Remove(lane, out var wake))
            {
                return wake;
            }
        }

        return null;
    }
}
