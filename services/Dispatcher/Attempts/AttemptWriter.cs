using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming;
using Webhooks.Database.Faults;
using Webhooks.Dispatcher.Attempts.Gone;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>
/// Records attempts by group commit: while one group is being committed, the next one gathers. One writer, so that the
/// database sees few, large transactions and no two of ours meet on a row.
/// </summary>
internal sealed partial class AttemptWriter(
    AttemptStore store, GoneRecord gone, DatabaseGate database, TimeProvider clock, ILogger<AttemptWriter> logger) : IHostedService, IDisposable
{
    private const int GroupLimit = 400;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(4);

    // Not bounded here: what waits is bounded by what the consumers may hold.
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _abandon = new();
    private Task _writing = Task.CompletedTask;

    private sealed record Waiting(FinishedAttempt Attempt, TaskCompletionSource<bool> Claimed);

    /// <summary>Completes once the attempt is on disk; false when somebody else had recorded it before. Waits as long as the database is away.</summary>
    /// <remarks>In a lane, one that disables its subscription is recorded by itself: it locks the subscription's row, and may wait for that.</remarks>
    public Task<bool> RecordAsync(FinishedAttempt attempt) => attempt is { InLane: true, Next: NextStep.Fail { DisablesSubscription: true } }
        ? gone.RecordAsync(attempt, RecordInGroupAsync, _abandon.Token)
        : RecordInGroupAsync(attempt);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _writing = Task.Run(WriteAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Writes what is left, for as long as the shutdown may take.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Not waited for: a server that says nothing would be (ServiceLoop).
        _ = _abandon.CancelAsync();
        if (_writing.IsFaulted)
        {
            await _writing;
        }
    }

    public void Dispose() => _abandon.Dispose();

    private Task<bool> RecordInGroupAsync(FinishedAttempt attempt)
    {
        var waiting = new Waiting(attempt, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_waiting.Writer.TryWrite(waiting))
        {
            waiting.Claimed.SetCanceled(CancellationToken.None);
        }

        return waiting.Claimed.Task;
    }

    private async Task WriteAsync()
    {
        while (await _waiting.Reader.ReadGroupAsync(GroupLimit, Linger, clock, CancellationToken.None) is { } group)
        {
            await RecordAsync(group);
        }
    }

    /// <summary>Records a group; one that fails by its data is halved until the culprit stands alone.</summary>
    /// <param name="group">One at least.</param>
    /// <param name="isInDoubt">They may have been recorded by a try whose answer was lost.</param>
    private async Task RecordAsync(IReadOnlyList<Waiting> group, bool isInDoubt = false)
    {
        try
        {
            var attempts = group.Select(waiting => waiting.Attempt).ToList();
            var claimed = await database.RunAsync(token => store.RecordAsync(attempts, token), () => isInDoubt = true, _abandon.Token);
            for (var place = 0; place < claimed.Length; place++)
            {
                // The answer to the commit of an earlier try may have been lost: then the claim that is found is our own. To
                // carry out a step that another one carries out too does no harm; to leave it to nobody would lose the delivery.
                group[place].Claimed.SetResult(claimed[place] || isInDoubt);
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            foreach (var waiting in group)
            {
                waiting.Claimed.SetCanceled(_abandon.Token);
            }
        }
        catch (Exception fault) when (group.Count > 1)
        {
            Log.Halving(logger, group.Count, fault.Message);
            await RecordAsync([.. group.Take(group.Count / 2)], isInDoubt);
            await RecordAsync([.. group.Skip(group.Count / 2)], isInDoubt);
        }
        catch (Exception fault)
        {
            group[0].Claimed.SetException(fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A group of {Attempts} attempts could not be recorded and is halved: {Reason}")]
        public static partial void Halving(ILogger logger, int attempts, string reason);
    }
}
