using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Dispatcher.Retries;
using Webhooks.Sending;
using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Rendering;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>
/// Makes one attempt and carries out what follows. The order is what makes loss impossible: send, record (the record is
/// the claim), announce the next attempt, and only then may the message be acknowledged.
/// </summary>
internal sealed partial class AttemptRunner(
    AttemptRenderer renderer, WebhookSender sender, AttemptWriter writer, AfterAttempt after, RetryAnnouncer announcer, AttemptMetrics metrics,
    TimeProvider clock, ILogger<AttemptRunner> logger)
{
    /// <summary>
    /// Completes when the message that asked for the attempt may be acknowledged. Null: somebody else had recorded the same
    /// attempt before, and carries out what follows.
    /// </summary>
    /// <param name="delivery">As it is now.</param>
    /// <param name="number">The attempt's.</param>
    /// <param name="subscription">As it is now.</param>
    /// <param name="mayRepeat">Asked when its record has failed by a fault of our own: whether that is tried again.</param>
    /// <param name="stop">Ends the attempt, which is then not recorded.</param>
    /// <param name="slot">What the send takes up on the wire: given back when it has ended, before it is recorded.</param>
    /// <param name="answered">Told what the send came to, before it is recorded: that may take as long as the database is away.</param>
    public async Task<FinishedAttempt?> RunAsync(
        DeliveryRow delivery, int number, Subscription subscription, Func<bool> mayRepeat, CancellationToken stop,
        IDisposable? slot = null, Action<SendResult>? answered = null)
    {
        using var activity = AttemptTracing.Start(delivery, number);
        FinishedAttempt finished;
        using (slot)
        {
            finished = await AttemptAsync(delivery, number, subscription, activity, stop);
        }

        answered?.Invoke(finished.Result);
        if (!await writer.RecordAsync(finished, mayRepeat, stop))
        {
            Log.AlreadyRecorded(logger, number, delivery.Id);
            return null;
        }

        metrics.Finished(finished);
        Log.Finished(logger, LevelOf(finished), number, delivery.Id, delivery.SubscriptionId,
            finished.Result.Outcome.ToWireName(), finished.Result.StatusCode, finished.Result.Duration.TotalMilliseconds, finished.Next.Status, finished.NextAttemptAt is { } at ? $", next at {at.UtcDateTime:O}" : "");

        await after.CarryOutAsync(finished, stop);
        return finished;
    }

    private async Task<FinishedAttempt> AttemptAsync(
        DeliveryRow delivery, int number, Subscription subscription, Activity? activity, CancellationToken stop)
    {
        var (request, result) = await SendAsync(delivery, subscription, AttemptTracing.TraceparentOf(activity, delivery.Event.Traceparent), stop);

        var next = NextSteps.After(number, result, subscription.Settings, Random.Shared.NextDouble());
        return new FinishedAttempt
        {
            Delivery = delivery,
            Number = number,
            Request = request,
            Result = result,
            Next = next,
            // From the end of this attempt, so that a slow failure is not followed at once by the next.
            NextAttemptAt = next is NextStep.Retry retry ? clock.GetUtcNow() + retry.Wait : null,
            LacksQueue = next is NextStep.Retry { Brokered: true } brokered && delivery.LaneDueAt is null && !announcer.Carries(brokered.Wait),
            TraceId = activity?.TraceId.ToHexString() ?? AttemptTracing.TraceIdOf(delivery.Event.Traceparent),
        };
    }

    private async Task<(WebhookRequest Request, SendResult Result)> SendAsync(
        DeliveryRow delivery, Subscription subscription, string? traceparent, CancellationToken stop)
    {
        WebhookRequest request;
        try
        {
            request = await renderer.RenderAsync(delivery, subscription, traceparent);
        }
        catch (RenderException fault)
        {
            return (
                new WebhookRequest(subscription.TenantId, subscription.Settings.Url, default, [], subscription.Settings.EffectiveTimeout),
                new SendResult { Outcome = AttemptOutcome.RenderFailed, StartedAt = clock.GetUtcNow(), Duration = TimeSpan.Zero, Error = fault.Message });
        }

        var result = await sender.SendAsync(request, stop);
        // The body is not recorded, and the record may wait for as long as the database is away.
        return (request with { Body = default }, result);
    }

    private static LogLevel LevelOf(FinishedAttempt attempt) =>
        attempt.Result.Outcome == AttemptOutcome.Succeeded ? LogLevel.Debug : LogLevel.Information;

    private static partial class Log
    {
        /// <summary>The one line an operator needs about an attempt. Add a field here before adding a second line.</summary>
        [LoggerMessage(EventId = 1, Message = "Attempt {Number} of delivery dlv_{DeliveryId:N} of subscription sub_{SubscriptionId:N}: {Outcome} ({StatusCode}) in {Milliseconds:F0} ms; now {Status}{Next}")]
        public static partial void Finished(
            ILogger logger, LogLevel level, int number, Guid deliveryId, Guid subscriptionId, string outcome, int? statusCode, double milliseconds, string status, string next);

        [LoggerMessage(2, LogLevel.Information, "Attempt {Number} of delivery dlv_{DeliveryId:N} was already recorded by another dispatcher, which carries out what follows")]
        public static partial void AlreadyRecorded(ILogger logger, int number, Guid deliveryId);
    }
}
