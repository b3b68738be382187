using System.Collections.Concurrent;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>
/// The deliveries this process is working on. A lost connection hands their messages over again while the sends still
/// run; such a copy waits for the end of the work and then looks at the row, instead of sending a second time.
/// </summary>
internal sealed class InFlight
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _working = new();

    public int Count => _working.Count;

    /// <summary>True: the caller works on it and must <see cref="End"/> it. False: <paramref name="ended"/> completes when another's work ends.</summary>
    public bool TryBegin(Guid deliveryId, out Task ended)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var working = _working.GetOrAdd(deliveryId, mine);
        ended = working.Task;
        return working == mine;
    }

    public void End(Guid deliveryId)
    {
        if (_working.TryRemove(deliveryId, out var working))
        {
            working.SetResult();
        }
    }
}
