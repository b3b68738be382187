using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>
/// Leaves next attempts to the due-poller, as many in one statement as have come while the last one ran: a broker that
/// fails fails for many deliveries at once.
/// </summary>
internal sealed class HandOver(DeliveryStore store, DatabaseGate database)
{
    private const int GroupLimit = 1_000;

    private readonly Lock _lock = new();
    private readonly Queue<(Handed Delivery, TaskCompletionSource Done)> _waiting = [];
    private bool _isWriting;

    /// <summary>Completes when the row announces the attempt after <paramref name="lastAttempt"/>. Waits as long as the database is away.</summary>
    public Task ToPollerAsync(DeliveryRow delivery, int lastAttempt, CancellationToken stop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue((new Handed(delivery.Id, delivery.CreatedAt, lastAttempt), done));
            if (!_isWriting)
            {
                _isWriting = true;
                _ = Task.Run(WriteAsync, CancellationToken.None);
            }
        }

        return done.Task.WaitAsync(stop);
    }

    private async Task WriteAsync()
    {
        while (TakeGroup() is { Count: > 0 } group)
        {
            try
            {
                // Nobody's token: whoever stops waiting does not take it from the others.
                await database.RunAsync(
                    token => store.HandToPollerAsync([.. group.Select(waiting => waiting.Delivery)], token), CancellationToken.None);
                group.ForEach(waiting => waiting.Done.SetResult());
            }
            catch (Exception fault)
            {
                group.ForEach(waiting => waiting.Done.SetException(fault));
            }
        }
    }

    private List<(Handed Delivery, TaskCompletionSource Done)> TakeGroup()
    {
        lock (_lock)
        {
            var group = new List<(Handed, TaskCompletionSource)>();
            while (group.Count < GroupLimit && _waiting.TryDequeue(out var waiting))
            {
                group.Add(waiting);
            }

            _isWriting = group.Count > 0;
            return group;
        }
    }
}
