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
    private readonly Dictionary<Guid, Queue<TaskCompletionSource<IDisposable>>> _waiting = [];
    private int _all;

    /// <summary>Null: the subscription has its share. Otherwise to be disposed of when the answer is there.</summary>
    public IDisposable? TryTake(Guid subscriptionId)
    {
        lock (_lock)
        {
            return IsUsedUp(subscriptionId) ? null : Take(subscriptionId);
        }
    }

    /// <summary>
    /// The same, but what has its share waits for a slot to be given back. Null: none was, for so long; those who have them hang.
    /// </summary>
    public async ValueTask<IDisposable?> TakeAsync(Guid subscriptionId, TimeSpan patience, TimeProvider clock, CancellationToken stop)
    {
        TaskCompletionSource<IDisposable> turn;
        lock (_lock)
        {
            if (TryTake(subscriptionId) is { } slot)
            {
                return slot;
            }

            turn = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_waiting.TryGetValue(subscriptionId, out var queue))
            {
                _waiting.Add(subscriptionId, queue = new());
            }

            queue.Enqueue(turn);
        }

        await ((Task)turn.Task).WaitAsync(patience, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (turn.TrySetCanceled(CancellationToken.None))
            {
                stop.ThrowIfCancellationRequested();
                return null;
            }
        }

        return await turn.Task;
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

    private bool IsUsedUp(Guid subscriptionId)
    {
        var own = _taken.GetValueOrDefault(subscriptionId);
        return FairShare.IsUsedUp(slots(), _all, own, _taken.Count - (own > 0 ? 1 : 0));
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

            if (_waiting.Count > 0)
            {
                Admit(subscriptionId);
                // One slot less may be what others have waited for, too.
                foreach (var other in _waiting.Keys.ToList())
                {
                    Admit(other);
                }
            }
        }
    }

    private void Admit(Guid subscriptionId)
    {
        if (!_waiting.TryGetValue(subscriptionId, out var queue))
        {
            return;
        }

        while (queue.TryPeek(out var turn))
        {
            if (!turn.Task.IsCompleted)
            {
                if (IsUsedUp(subscriptionId))
                {
                    return;
                }

                turn.SetResult(Take(subscriptionId));
            }

            queue.Dequeue();
        }

        _waiting.Remove(subscriptionId);
    }

    private sealed class Slot(WireSlots slots, Guid subscriptionId) : IDisposable
    {
        private WireSlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.GiveBack(subscriptionId);
    }
}
