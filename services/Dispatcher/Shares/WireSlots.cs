using System.Runtime.InteropServices;

namespace Webhooks.Dispatcher.Shares;

/// <summary>Whose slot it is.</summary>
internal readonly record struct Receiver(Guid SubscriptionId, string TenantId);

/// <summary>
/// Counts the sends of messages that are on the wire, by subscription and by tenant. Not those that wait to be recorded: a database
/// that is slow or away would make all of them look like hanging receivers.
/// </summary>
/// <param name="slots">How many there may be.</param>
internal sealed class WireSlots(Func<int> slots)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _taken = [];
    private readonly Dictionary<string, int> _ofTenants = new(StringComparer.Ordinal);
    private readonly Dictionary<Receiver, Queue<TaskCompletionSource<IDisposable>>> _waiting = [];
    private int _all;

    /// <summary>Null: the subscription has its share. Otherwise to be disposed of when the answer is there.</summary>
    public IDisposable? TryTake(Receiver receiver)
    {
        lock (_lock)
        {
            return IsUsedUp(receiver) ? null : Take(receiver);
        }
    }

    /// <summary>
    /// The same, but what has its share waits for a slot to be given back. Null: none was, for so long; those who have them hang.
    /// </summary>
    public async ValueTask<IDisposable?> TakeAsync(Receiver receiver, TimeSpan patience, TimeProvider clock, CancellationToken stop)
    {
        TaskCompletionSource<IDisposable> turn;
        lock (_lock)
        {
            if (TryTake(receiver) is { } slot)
            {
                return slot;
            }

            turn = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_waiting.TryGetValue(receiver, out var queue))
            {
                _waiting.Add(receiver, queue = new());
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

    private bool IsUsedUp(Receiver receiver)
    {
        var own = _taken.GetValueOrDefault(receiver.SubscriptionId);
        return FairShare.IsUsedUp(slots(), _all, own, _taken.Count - (own > 0 ? 1 : 0), _ofTenants.GetValueOrDefault(receiver.TenantId));
    }

    private IDisposable Take(Receiver receiver)
    {
        lock (_lock)
        {
            _all++;
            CollectionsMarshal.GetValueRefOrAddDefault(_taken, receiver.SubscriptionId, out _)++;
            CollectionsMarshal.GetValueRefOrAddDefault(_ofTenants, receiver.TenantId, out _)++;
            return new Slot(this, receiver);
        }
    }

    private void GiveBack(Receiver receiver)
    {
        lock (_lock)
        {
            _all--;
            CountOneLess(_taken, receiver.SubscriptionId);
            CountOneLess(_ofTenants, receiver.TenantId);

            if (_waiting.Count > 0)
            {
                Admit(receiver);
                // One slot less may be what others have waited for, too.
                foreach (var other in _waiting.Keys.ToList())
                {
                    Admit(other);
                }
            }
        }
    }

    private void Admit(Receiver receiver)
    {
        if (!_waiting.TryGetValue(receiver, out var queue))
        {
            return;
        }

        while (queue.TryPeek(out var turn))
        {
            if (!turn.Task.IsCompleted)
            {
                if (IsUsedUp(receiver))
                {
                    return;
                }

                turn.SetResult(Take(receiver));
            }

            queue.Dequeue();
        }

        _waiting.Remove(receiver);
    }

    private static void CountOneLess<T>(Dictionary<T, int> counts, T of)
        where T : notnull
    {
        if (--CollectionsMarshal.GetValueRefOrAddDefault(counts, of, out _) == 0)
        {
            counts.Remove(of);
        }
    }

    private sealed class Slot(WireSlots slots, Receiver receiver) : IDisposable
    {
        private WireSlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.GiveBack(receiver);
    }
}
