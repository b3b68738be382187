using System.Threading.Channels;
using Webhooks.Broker.Consuming;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>
/// Commits what many requests want to write in one transaction: while one group is being committed, the next one gathers.
/// Nothing is held over an outage: whoever waits is told, and sends again.
/// </summary>
/// <param name="commit">Writes a group in one transaction; answers something for each.</param>
/// <param name="unanswered">Told of each item that may have been written or not, before whoever waits for it is.</param>
/// <param name="clock">Limits how long a group gathers and is waited for.</param>
internal sealed class GroupCommit<TItem, TResult>(
    Func<IReadOnlyList<TItem>, CancellationToken, Task<TResult[]>> commit, Action<TItem> unanswered, TimeProvider clock)
{
    private const int GroupLimit = 200;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Not bounded here: each item is a request that waits for seconds at most.
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });

    private sealed record Waiting(TItem Item, TaskCompletionSource<TResult> Written, CancellationToken GaveUp);

    /// <summary>Completes when the item is written, or with the fault that prevents it.</summary>
    /// <param name="item">What to write.</param>
    /// <param name="gaveUp">Nobody waits any more: an item that is not begun then is left out.</param>
    public Task<TResult> AddAsync(TItem item, CancellationToken gaveUp)
    {
        var waiting = new Waiting(item, new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously), gaveUp);
        if (!_waiting.Writer.TryWrite(waiting))
        {
            waiting.Written.SetCanceled(CancellationToken.None);
        }

        return waiting.Written.Task;
    }

    /// <summary>Nothing more comes; <see cref="RunAsync"/> ends when what is there is written.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    public async Task RunAsync()
    {
        while (await _waiting.Reader.ReadGroupAsync(GroupLimit, Linger, clock, CancellationToken.None) is { } group)
        {
            var wanted = new List<Waiting>(group.Count);
            foreach (var waiting in group)
            {
                if (waiting.GaveUp.IsCancellationRequested)
                {
                    waiting.Written.SetCanceled(waiting.GaveUp);
                }
                else
                {
                    wanted.Add(waiting);
                }
            }

            await CommitAsync(wanted);
        }
    }

    /// <summary>Commits a group; one that fails by its data is halved until the culprit stands alone.</summary>
    private async Task CommitAsync(IReadOnlyList<Waiting> group)
    {
        if (group.Count == 0)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(Patience, clock);
            // Left behind when the time is up: Npgsql waits for a server that has just shown that it does not answer.
            var results = await commit([.. group.Select(waiting => waiting.Item)], limit.Token).WaitAsync(limit.Token);
            foreach (var (place, waiting) in group.Index())
            {
                waiting.Written.SetResult(results[place]);
            }
        }
        catch (Exception fault) when (group.Count == 1 || fault is OperationCanceledException || DatabaseFault.IsOurs(fault))
        {
            var told = fault is OperationCanceledException ? new TimeoutException("The database did not answer in time.", fault) : fault;
            foreach (var waiting in group)
            {
                if (DatabaseFault.IsOurs(told))
                {
                    unanswered(waiting.Item);
                }

                waiting.Written.SetException(told);
            }
        }
        catch (Exception)
        {
            await CommitAsync([.. group.Take(group.Count / 2)]);
            await CommitAsync([.. group.Skip(group.Count / 2)]);
        }
    }
}
