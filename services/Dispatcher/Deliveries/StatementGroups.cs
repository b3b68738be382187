using Webhooks.Database.Faults;

namespace Webhooks.Dispatcher.Deliveries;

/// <summary>
/// Runs one statement for all that have come while the last one ran: what happens to one delivery often happens to many at once.
/// </summary>
/// <param name="run">Answers for each item, in their order.</param>
/// <param name="database">While it is away, all wait.</param>
/// <param name="limit">Items a statement.</param>
internal sealed class StatementGroups<TItem, TAnswer>(Func<IReadOnlyList<TItem>, CancellationToken, Task<IReadOnlyList<TAnswer>>> run, DatabaseGate database, int limit)
{
    private readonly Lock _lock = new();
    private readonly Queue<(TItem Item, TaskCompletionSource<TAnswer> Done)> _waiting = [];
    private bool _isWriting;

    /// <summary>Completes with the item's answer.</summary>
    public Task<TAnswer> AddAsync(TItem item, CancellationToken stop)
    {
        var done = new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue((item, done));
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
                var answers = await database.RunAsync(token => run([.. group.Select(waiting => waiting.Item)], token), CancellationToken.None);
                for (var place = 0; place < group.Count; place++)
                {
                    group[place].Done.SetResult(answers[place]);
                }
            }
            catch (Exception fault)
            {
                group.ForEach(waiting => waiting.Done.SetException(fault));
            }
        }
    }

    private List<(TItem Item, TaskCompletionSource<TAnswer> Done)> TakeGroup()
    {
        lock (_lock)
        {
            var group = new List<(TItem, TaskCompletionSource<TAnswer>)>();
            while (group.Count < limit && _waiting.TryDequeue(out var waiting))
            {
                group.Add(waiting);
            }

            _isWriting = group.Count > 0;
            return group;
        }
    }
}
