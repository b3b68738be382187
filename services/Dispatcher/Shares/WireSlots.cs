namespace Webhooks.Dispatcher.Shares;

/// <summary>
/// Counts the sends of messages that are on the wire, by subscription. Not those that wait to be recorded: a database that is slow
/// or away would make all of them look like hanging receivers.
/// </summary>
/// <param name="slots">How many there may be.</param>
internal sealed class WireSlots(Func<int> slots)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _taken = [];
    private int _all;

    /// <summary>Null: the subscription has its share. Otherwise to be disposed of when the answer is there.</summary>
    public IDisposable? TryTake(Guid subscriptionId)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(subscriptionId);
            return FairShare.IsUsedUp(slots(), _all, own, _taken.Count - (own > 0 ? 1 : 0)) ? null : Take(subscriptionId);
        }
    }

    /// <summary>Whatever its share.</summary>
    public IDisposable Take(Guid subscriptionId)
    {
        lock (_lock)
        {
            _all++;
            _taken[subscriptionId] = _taken.GetValueOrDefault(subscriptionId) + 1;
            return new Slot(this, subscriptionId);
        }
    }

    private void GiveBack(Guid subscriptionId)
    {
        lock (_lock)
        {
            _all--;
            if (--_taken[subscriptionId] is var left && left == 0)
            {
                _taken.Remove(subscriptionId);
            }
        }
    }

    private sealed class Slot(WireSlots slots, Guid subscriptionId) : IDisposable
    {
        private WireSlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.GiveBack(subscriptionId);
    }
}
