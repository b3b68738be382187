using Webhooks.Subscriptions;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Publisher.FanOut;

/// <summary>What an event is known by for ever.</summary>
internal readonly record struct EventKey(string TenantId, string EventId)
{
    public static EventKey Of(AcceptedEvent received) => new(received.TenantId, received.Id);
}

/// <summary>Who gets an event, if it is new.</summary>
internal readonly record struct PlannedEvent(AcceptedEvent Event, IReadOnlyList<Taker> Takers);

/// <summary>A subscription that gets an event.</summary>
/// <param name="OrderingKey">Of those in a lane that share it, each waits for the one before; null: it waits for none.</param>
internal readonly record struct Taker(Subscription Subscription, long? OrderingKey);

/// <summary>An event at the moment of its acceptance, which is the key of its row and of its deliveries' rows.</summary>
internal readonly record struct NewEvent(AcceptedEvent Event, DateTimeOffset CreatedAt);

/// <summary>One event for one subscription: a row to insert, then a message to publish.</summary>
/// <param name="InLane">There is no message: the dispatcher that holds the subscription's lane reads the row.</param>
/// <param name="OrderingKey">As the plan has it.</param>
internal readonly record struct NewDelivery(Guid Id, NewEvent Of, Guid SubscriptionId, int Revision, bool InLane, long? OrderingKey)
{
    // The id carries the moment of acceptance, so that whoever has only the id finds the row's partition.
    public static NewDelivery For(NewEvent accepted, Taker taker) => new(
        Guid.CreateVersion7(accepted.CreatedAt), accepted, taker.Subscription.Id, taker.Subscription.Revision, taker.Subscription.HasLane, taker.OrderingKey);
}

/// <summary>What was accepted in one transaction.</summary>
/// <param name="Events">How many of the events that were given, the first of them, repeats among them.</param>
/// <param name="Deliveries">What the new ones of these make.</param>
internal readonly record struct Acceptance(int Events, IReadOnlyList<NewDelivery> Deliveries);

/// <summary>A delivery that waits for its first attempt.</summary>
internal readonly record struct UnattemptedDelivery(Guid Id, DateTimeOffset CreatedAt, Guid SubscriptionId, string? Traceparent);
