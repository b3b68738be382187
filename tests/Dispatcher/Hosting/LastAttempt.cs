using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Attempts;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Sending;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Rendering;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests;

/// <summary>A first attempt that failed and is the last, as it is recorded.</summary>
internal static class LastAttempt
{
    public static FinishedAttempt Of(Accepted delivery, int statusCode = 503) => new()
    {
        Delivery = new DeliveryRow
        {
            Id = delivery.Id,
            CreatedAt = delivery.CreatedAt,
            SubscriptionId = delivery.SubscriptionId,
            Revision = 1,
            Status = DeliveryStatus.Pending,
            LastAttempt = 0,
            NextAttemptAt = null,
            DueAt = null,
            Event = new AcceptedEvent { Id = delivery.EventId, Type = "a.b", TenantId = World.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray() },
        },
        Number = 1,
        Request = new WebhookRequest("tenant_001", "https://receiver.example/", default, [], TimeSpan.FromSeconds(5)),
        Result = new SendResult { Outcome = AttemptOutcome.ServerError, StatusCode = statusCode, StartedAt = delivery.CreatedAt, Duration = TimeSpan.FromMilliseconds(3) },
        Next = new NextStep.Exhaust(),
        TraceId = null,
    };
}
