using Webhooks.Api.Problems;
using Webhooks.CallbackIngest.Commands;
using Webhooks.CallbackIngest.Keys;
using Webhooks.Database.Faults;

namespace Webhooks.CallbackIngest.Callbacks;

/// <summary>
/// The way of a callback: reserve its key, publish its command, say that it is done, and only then answer. What is begun is
/// ended even when its caller is gone; what a crash leaves behind is free again after the lease.
/// </summary>
internal sealed partial class CallbackIntake(KeyKeeper keys, CommandPublisher commands, CallbackMetrics metrics, TimeProvider clock, ILogger<CallbackIntake> logger)
{
    private const string NotConfirmed = "RabbitMQ did not confirm the command.";

    private static readonly TimeSpan ToAnswer = TimeSpan.FromSeconds(4.5);

    // Some of it is left to mark the key.
    private static readonly TimeSpan ToPublish = TimeSpan.FromSeconds(3.5);

    private static readonly Problem BrokerAway = Problem.Unavailable("RabbitMQ is away. Send the callback again: the same key is never processed twice.");

    private static readonly Problem TooSlow = Problem.Unavailable("A server did not answer in time. Send the callback again: the same key is never processed twice.");

    /// <summary>True: it was done before.</summary>
    /// <exception cref="RefusedException">409, 422, 429 or 503.</exception>
    public async Task<bool> AcceptAsync(IncomingCallback callback, CancellationToken clientGone)
    {
        var started = clock.GetTimestamp();
        var answer = "failed";
        try
        {
            var replayed = await ProcessAsync(callback).WaitAsync(ToAnswer, clock, clientGone);
            answer = replayed ? "replayed" : "accepted";
            return replayed;
        }
        catch (RefusedException refused)
        {
            answer = refused.Problem.Code;
            throw;
        }
        // The second: the time was up before the key was asked for.
        catch (Exception slow) when (slow is TimeoutException || (slow is OperationCanceledException && !clientGone.IsCancellationRequested))
        {
            answer = TooSlow.Code;
            throw new RefusedException(TooSlow);
        }
        catch (Exception fault) when (DatabaseFault.IsOurs(fault))
        {
            answer = TooSlow.Code;
            throw;
        }
        finally
        {
            metrics.Answered(callback.Route.Name, answer, clock.GetElapsedTime(started));
            Log.Answered(logger, answer is "accepted" or "replayed" ? LogLevel.Debug : LogLevel.Information, callback.Route.Name, callback.SubjectId, callback.Body.ExternalSystem, callback.TenantId, callback.Key, answer, callback.CommandId, clock.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private async Task<bool> ProcessAsync(IncomingCallback callback)
    {
        using var deadline = new CancellationTokenSource(ToPublish, clock);
        // Before the key: what cannot be published now need not be written down.
        if (!await commands.IsThereAsync(deadline.Token))
        {
            throw new RefusedException(BrokerAway);
        }

        switch (await keys.ReserveAsync(callback, deadline.Token))
        {
            case KeyOutcome.Reserved reserved:
                await PublishAsync(callback, reserved, deadline.Token);
                return false;
            case KeyOutcome.Replayed:
                return true;
            case KeyOutcome.InProgress progress:
                throw new RefusedException(KeyProblem.InProgress(progress.RetryAfter));
            case KeyOutcome.Limited limited:
                throw new RefusedException(KeyProblem.Limited(limited.RetryAfter));
            case KeyOutcome.Reused:
                throw new RefusedException(KeyProblem.Reused);
            case var unknown:
                throw new InvalidOperationException($"{unknown} is no outcome of a key.");
        }
    }

    private async Task PublishAsync(IncomingCallback callback, KeyOutcome.Reserved reserved, CancellationToken deadline)
    {
        var outcome = await commands.TryPublishAsync(new OutgoingCommand(callback.Route, callback.CommandId, reserved.Command, callback.TraceParent), deadline);
        if (outcome.IsConfirmed)
        {
            await keys.CompleteAsync(new Completion(callback, FailedBecause: null));
            return;
        }

        _ = AcceptLateAsync(callback, outcome.IsConfirmedLate);
        // The caller's next try has the key at once, instead of after the lease.
        await keys.CompleteAsync(new Completion(callback, NotConfirmed));
        throw new RefusedException(BrokerAway);
    }

    /// <summary>
    /// The command of a caller who was answered 503 is there after all. Its key is done then, or the next try would publish
    /// it a second time. In whatever order the two are written, the acceptance stays.
    /// </summary>
    private async Task AcceptLateAsync(IncomingCallback callback, Task<bool> isConfirmed)
    {
        // Large bodies have their places only until they are answered, and a broker may block for hours.
        callback = callback with { Body = callback.Body with { Payload = null, Others = [] } };
        try
        {
            if (await isConfirmed)
            {
                await keys.CompleteAsync(new Completion(callback, FailedBecause: null));
                Log.ConfirmedLate(logger, callback.TenantId, callback.Key, callback.CommandId);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException || DatabaseFault.IsOurs(fault))
        {
            // The service ends, or it is written when the database answers again.
        }
    }

    private static partial class Log
    {
        /// <summary>The one line that an operator needs about a callback. Add a field here before adding a second line.</summary>
        [LoggerMessage(EventId = 1, Message = "Callback on {Route} {SubjectId} by {ExternalSystem} of {TenantId} with key {Key}: {Answer}; command {CommandId}, {Milliseconds:0} ms")]
        public static partial void Answered(
            ILogger logger, LogLevel level, string route, string subjectId, string externalSystem, string tenantId, string key, string answer, Guid commandId, double milliseconds);

        [LoggerMessage(2, LogLevel.Information, "RabbitMQ has confirmed late: the callback of {TenantId} with key {Key} was answered 503 and is accepted; command {CommandId}")]
        public static partial void ConfirmedLate(ILogger logger, string tenantId, string key, Guid commandId);
    }
}
