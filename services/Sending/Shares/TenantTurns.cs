using System.Runtime.InteropServices;

namespace Webhooks.Sending.Shares;

/// <summary>
/// Lets so many go at a time, the tenants in turn, and those of a tenant as they came. However many one has waiting, it leaves a turn to
/// whoever comes (<see cref="TenantShare"/>): what has its turn may take seconds, and cannot be called back.
/// </summary>
/// <param name="atOnce">How many.</param>
internal sealed class TenantTurns(int atOnce)
{
    private readonly Lock _lock = new();
    private readonly TenantRotation<Waiting> _waiting = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private int _free = atOnce;

    private readonly record struct Waiting(string TenantId, TaskCompletionSource<IDisposable> Turn);

    /// <summary>Completes with the turn, to be disposed of when what it was for is done.</summary>
    /// <param name="tenantId">Whose turn it is.</param>
    /// <param name="stop">Ends the waiting.</param>
    public async ValueTask<IDisposable> TakeAsync(string tenantId, CancellationToken stop)
    {
        var turn = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<Waiting> place;
        lock (_lock)
        {
            place = _waiting.Add(tenantId, new Waiting(tenantId, turn));
            GiveFree();
        }

        await ((Task)turn.Task).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            // Not if it was given since: then it is this one's to give back.
            if (turn.TrySetCanceled(stop))
            {
                _waiting.Remove(tenantId, place);
            }
        }

        return await turn.Task;
    }

    private void GiveBack(string tenantId)
    {
        lock (_lock)
        {
            Count(tenantId, -1);
            GiveFree();
        }
    }

    private void GiveFree()
    {
        while (_free > 0 && _waiting.TryTakeNext(HasRoom, _ => true, out var next))
        {
            Count(next.TenantId, 1);
            next.Turn.SetResult(new Turn(this, next.TenantId));
        }
    }

    private bool HasRoom(string tenantId) => TenantShare.RoomOf(_free, _taken.GetValueOrDefault(tenantId)) > 0;

    private void Count(string tenantId, int taken)
    {
        _free -= taken;
        if ((CollectionsMarshal.GetValueRefOrAddDefault(_taken, tenantId, out _) += taken) == 0)
        {
            _taken.Remove(tenantId);
        }
    }

    private sealed class Turn(TenantTurns turns, string tenantId) : IDisposable
    {
        private TenantTurns? _turns = turns;

        public void Dispose() => Interlocked.Exchange(ref _turns, null)?.GiveBack(tenantId);
    }
}
