using Microsoft.Extensions.Logging;
using Webhooks.Broker.Publishing;
using Webhooks.Broker.Topology;
using Webhooks.Contracts;

namespace Webhooks.Dispatcher.Retries;

/// <summary>
/// One delay queue, as far as it is known on the present connection. RabbitMQ 3.10 writes the name of a new queue to its
/// disk up to half a second late: killed before, it comes back with the queue empty and without a leader, and never
/// confirms a publish to it. So a queue is relied on when it has confirmed a first message, on a channel where nothing
/// else waits for it, and before that is left alone until its name must be on the disk.
/// </summary>
internal sealed partial class DelayQueue(TimeSpan wait, TimeProvider clock, ILogger logger)
{
    /// <summary>How old a queue must be. Brokers that were killed when it was older have always brought it back whole.</summary>
    public static readonly TimeSpan Youth = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private bool _isDeclared;
    private bool _isBusy;
    private bool _isProven;
    private (long Since, TimeSpan Time) _rest = (clock.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Whether what is put into it is stored and comes back.</summary>
    public bool IsProven => Volatile.Read(ref _isProven);

    public void Declared()
    {
        lock (_lock)
        {
            _isDeclared = true;
            Rest(Youth);
        }
    }

    /// <summary>A message was not confirmed: it is proven anew, and declared again if it was not there.</summary>
    public void Doubt(PublishOutcome outcome)
    {
        lock (_lock)
        {
            _isProven = false;
            _isDeclared &= outcome != PublishOutcome.Unroutable;
        }
    }

    /// <summary>
    /// Brings it one step nearer to being relied on, if there is one to take and nobody else takes it: declares it, or lets
    /// it confirm <paramref name="first"/>, which may be lost, and repeated. Throws nothing; nobody has to wait.
    /// </summary>
    public async Task AdvanceAsync(LonePublisher publisher, OutgoingMessage first)
    {
        if (!TryBegin(out var isDeclared))
        {
            return;
        }

        var (outcome, reason) = (PublishOutcome.Unknown, "it did not confirm");
        try
        {
            if (isDeclared)
            {
                outcome = await publisher.TryPublishAsync(first, CancellationToken.None);
            }
            else
            {
                await publisher.DeclareAsync(channel => BrokerTopology.DeclareDelayAsync(channel, wait), CancellationToken.None);
                Declared();
                reason = "";
            }
        }
        catch (Exception fault)
        {
            // Whatever it was: the rows announce the retries, and it is tried again.
            reason = fault.Message;
        }

        End(outcome, reason);
    }

    private bool TryBegin(out bool isDeclared)
    {
        lock (_lock)
        {
            isDeclared = _isDeclared;
            return !_isBusy && !_isProven && clock.GetElapsedTime(_rest.Since) >= _rest.Time && (_isBusy = true);
        }
    }

    private void End(PublishOutcome outcome, string reason)
    {
        lock (_lock)
        {
            _isBusy = false;
            _isProven = outcome == PublishOutcome.Confirmed;
            _isDeclared &= outcome != PublishOutcome.Unroutable;
            if (_isProven || reason.Length == 0 || outcome == PublishOutcome.Unroutable)
            {
                return;
            }

            Rest(PauseAfterFailure);
        }

        Log.Unproven(logger, BrokerNames.Delay((long)wait.TotalMilliseconds), reason, PauseAfterFailure.TotalSeconds);
    }

    private void Rest(TimeSpan time) => _rest = (clock.GetTimestamp(), time);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The delay queue {Queue} is not relied on ({Reason}): its retries are announced by their rows in the database, in time, and it is tried again in {Seconds} s at the earliest. A queue that never confirms may have come out of a broker's crash without a leader (decision 0002 says what to do)")]
        public static partial void Unproven(ILogger logger, string queue, string reason, double seconds);
    }
}
