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

    // Between two tries of a record that fails by a fault of our own; and how many of them are one line in the log.
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private const int TriesPerLine = 10;

    // Not bounded here: what waits is bounded by what the consumers may hold.
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _abandon = new();
    private Task _writing = Task.CompletedTask;

    private sealed class Waiting(FinishedAttempt attempt)
    {
        public FinishedAttempt Attempt => attempt;

        /// <summary>It may have been recorded by a try whose answer was lost; so through all later tries.</summary>
        public bool IsInDoubt { get; set; }

        /// <summary>Of the present try.</summary>
        public TaskCompletionSource<bool> Claimed { get; private set; } = NewClaim();

        public void BeginAgain() => Claimed = NewClaim();

        private static TaskCompletionSource<bool> NewClaim() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Completes once the attempt is on disk; false when somebody else had recorded it before. Waits as long as the database is away.</summary>
    /// <remarks>
    /// A record that fails by another fault of our own is repeated, not the attempt: the receiver has had its request.
    /// In a lane, one that disables its subscription is recorded by itself: it locks the subscription's row, and may wait for that.
    /// </remarks>
    /// <param name="attempt">Not recorded.</param>
    /// <param name="mayRepeat">Asked after each such fault; false: it is thrown.</param>
    /// <param name="stop">Ends the repeating, unrecorded.</param>
    public async Task<bool> RecordAsync(FinishedAttempt attempt, Func<bool> mayRepeat, CancellationToken stop)
    {
        var waiting = new Waiting(attempt);
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await TryAsync(waiting);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                if (!mayRepeat())
                {
                    throw;
                }

                var level = tries % TriesPerLine == 1 ? LogLevel.Error : LogLevel.Debug;
                Log.NotRecorded(logger, level, fault, attempt.Number, attempt.Delivery.Id, FaultPause.TotalSeconds);
            }

            await Task.Delay(FaultPause, clock, stop);
            waiting.BeginAgain();
        }
    }

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

    private Task<bool> TryAsync(Waiting waiting) => waiting.Attempt is { InLane: true, Next: NextStep.Fail { DisablesSubscription: true } }
        ? gone.RecordAsync(waiting.Attempt, _ => RecordInGroupAsync(waiting), _abandon.Token)
        : RecordInGroupAsync(waiting);

    private Task<bool> RecordInGroupAsync(Waiting waiting)
    {
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
            await RecordAsync([.. group]);
        }
    }

    /// <summary>Records a group; one that fails by its data is halved until the culprit stands alone.</summary>
    /// <param name="group">One at least.</param>
    private async Task RecordAsync(List<Waiting> group)
    {
        try
        {
            var attempts = group.Select(waiting => waiting.Attempt).ToList();
            var claimed = await database.RunAsync(
                token => store.RecordAsync(attempts, token), () => group.ForEach(waiting => waiting.IsInDoubt = true), _abandon.Token);
            for (var place = 0; place < claimed.Length; place++)
            {
                // The answer to the commit of an earlier try may have been lost: then the claim that is found is our own. To
                // carry out a step that another one carries out too does no harm; to leave it to nobody would lose the delivery.
                group[place].Claimed.SetResult(claimed[place] || group[place].IsInDoubt);
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
            await RecordAsync([.. group.Take(group.Count / 2)]);
            await RecordAsync([.. group.Skip(group.Count / 2)]);
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

        [LoggerMessage(EventId = 2, Message = "Attempt {Number} of delivery dlv_{DeliveryId:N} was made and cannot be recorded, by a fault of our own; its record is tried again every {Seconds} s")]
        public static partial void NotRecorded(ILogger logger, LogLevel level, Exception fault, int number, Guid deliveryId, double seconds);
    }
}
