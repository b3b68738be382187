using System.Globalization;
using Webhooks.Contracts;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Subscriptions.Notices;

namespace Webhooks.Dispatcher.Health;

/// <summary>What is told of a delivery that an open breaker has kept waiting for too long. Pure.</summary>
internal static class HeldNotice
{
    public const string Reason = "held_too_long";

    public static Notice Of(HeldDelivery delivery, OpenBreaker breaker, TimeSpan holdFor)
    {
        var id = PrefixedId.Format(PrefixedId.Delivery, delivery.Id);
        var status = new NextStep.Exhaust().Status;
        return new Notice(
            Notice.IdOf(id, status),
            delivery.TenantId,
            NotificationTypes.DeliveryExhausted,
            delivery.FinishedAt,
            new NoticeData()
                .Add("delivery_id", id)
                .Add("event_id", delivery.EventId)
                .Add("event_type", delivery.EventType)
                .Add("subscription_id", PrefixedId.Format(PrefixedId.Subscription, breaker.SubscriptionId))
                .Add("status", status)
                .Add("reason", Reason)
                .Add("attempts", delivery.Attempts)
                // The receiver's, because the delivery itself may have none.
                .Add("outcome", breaker.Reason)
                .Add("status_code", (int?)null)
                .Add("error", string.Create(CultureInfo.InvariantCulture, $"The receiver was down, and this delivery has waited for it for {holdFor.TotalHours:0.##} hours."))
                .ToBytes());
    }
}
