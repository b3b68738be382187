using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;
using Webhooks.Subscriptions.Ordering;

namespace Webhooks.Publisher.FanOut;

/// <summary>
/// Decides who gets events. Pure. How long it takes is for tenants to choose: their events are tried with their filters. So it is
/// made before the transaction that accepts them, which has three seconds between two statements (decision 0032).
/// </summary>
internal static class FanOutPlan
{
    /// <summary>As many of the events, in their order, as go together.</summary>
    /// <param name="events">Those that may be new.</param>
    /// <param name="known">Those of them that were accepted before: nobody gets them again.</param>
    /// <param name="subscriptions">All of them, under one configuration.</param>
    /// <param name="most">So many deliveries, and whatever a single event makes.</param>
    /// <param name="cancellationToken">Looked at before each event.</param>
    public static IReadOnlyList<PlannedEvent> Of(
        IReadOnlyList<AcceptedEvent> events, IReadOnlySet<EventKey> known, SubscriptionIndex subscriptions, int most, CancellationToken cancellationToken)
    {
        var plan = new List<PlannedEvent>(events.Count);
        var deliveries = 0;
        foreach (var received in events)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var takers = known.Contains(EventKey.Of(received)) ? [] : TakersOf(received, subscriptions);
            if (deliveries > 0 && deliveries + takers.Count > most)
            {
                break;
            }

            deliveries += takers.Count;
            plan.Add(new PlannedEvent(received, takers));
        }

        return plan;
    }

    private static List<Taker> TakersOf(AcceptedEvent received, SubscriptionIndex subscriptions)
    {
        var takers = new List<Taker>();
        // Many subscriptions order by the same value, which may be as long as the event.
        var keys = new Dictionary<OrderingKey, long?>();
        // Read only when a filter or an order asks for it, and then once for all of them.
        using var document = new LazyDocument(received);
        foreach (var subscription in subscriptions.Match(received.TenantId, received.Type))
        {
            if (SubscriptionMatch.FulfilsFilter(subscription, document))
            {
                takers.Add(new Taker(subscription, subscription.Settings.OrderingKey is { } order ? KeyOf(order) : null));
            }
        }

        return takers;

        long? KeyOf(OrderingKey order)
        {
            if (!keys.TryGetValue(order, out var key))
            {
                keys.Add(order, key = order.Of(document.Root));
            }

            return key;
        }
    }
}
