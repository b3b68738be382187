using Webhooks.Database.Deliveries;
using Webhooks.Dispatcher.Deliveries;
using Webhooks.Subscriptions.Events;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests;

/// <summary>Deliveries as a look finds them.</summary>
internal static class Rows
{
    /// <summary>Pending, and not tried yet.</summary>
    public static DeliveryRow Of(Accepted delivery) => new()
    {
        Id = delivery.Id,
        CreatedAt = delivery.CreatedAt,
        SubscriptionId = delivery.SubscriptionId,
        Revision = 1,
        Status = DeliveryStatus.Pending,
        LastAttempt = 0,
        NextAttemptAt = null,
        DueAt = null,
        Event = new AcceptedEvent
        {
            Id = delivery.EventId, Type = "a.b", TenantId = Surroundings.Tenant, Timestamp = TestEvent.Timestamp, Version = "1.0", Data = "{}"u8.ToArray(),
        },
    };

    /// <summary>One for decisions that do not ask which it is.</summary>
    public static DeliveryRow Any(DateTimeOffset createdAt) => Of(new Accepted(Guid.Empty, createdAt, Guid.Empty, "evt_1"));
}
