using Webhooks.Contracts;
using Webhooks.Sending;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Dispatcher.Attempts;

/// <summary>What is told of a delivery that an attempt ended without delivering it. Pure.</summary>
internal static class FailureNotice
{
    /// <summary>
    /// Is there anything to tell? Not of the system's own events: a receiver that fails on news of failures would be told
    /// of them for ever.
    /// </summary>
    public static bool IsDue(FinishedAttempt attempt) =>
        attempt.Next is NextStep.Exhaust or NextStep.Fail && !EventRules.IsReserved(attempt.Delivery.Event.Type);

    public static Notice Of(FinishedAttempt attempt)
    {
        var delivery = attempt.Delivery;
        var id = PrefixedId.Format(PrefixedId.Delivery, delivery.Id);
        return new Notice(
            Notice.IdOf(id, attempt.Next.Status),
            delivery.Event.TenantId,
            attempt.Next is NextStep.Exhaust ? NotificationTypes.DeliveryExhausted : NotificationTypes.DeliveryFailed,
            attempt.FinishedAt,
            // Not the URL: it may be a secret, and not everybody who hears of this may read that.
            new NoticeData()
                .Add("delivery_id", id)
                .Add("event_id", delivery.Event.Id)
                .Add("event_type", delivery.Event.Type)
                .Add("subscription_id", PrefixedId.Format(PrefixedId.Subscription, delivery.SubscriptionId))
                .Add("status", attempt.Next.Status)
                .Add("reason", ReasonOf(attempt.Next))
                .Add("attempts", attempt.Number)
                .Add("outcome", attempt.Result.Outcome.ToWireName())
                .Add("status_code", attempt.Result.StatusCode)
                .Add("error", attempt.Result.Error)
                .ToBytes(),
            delivery.Event.Traceparent);
    }

    private static string ReasonOf(NextStep next) => next switch
    {
        NextStep.Exhaust => "attempts_used_up",
        NextStep.Fail { DisablesSubscription: true } => "gone",
        _ => "not_retried",
    };
}
