using Webhooks.Subscriptions.Caching;
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

    /// <summary>What a plan comes to in its transaction: the events that are new, and what they make, in the order of the plan.</summary>
    /// <param name="plan">By an earlier configuration, perhaps.</param>
    /// <param name="createdAt">The events that are new. One that stands twice in the plan is accepted where it stands first.</param>
    /// <param name="changed">The configuration since the plan was made; null: it is the same.</param>
    public static (IReadOnlyList<NewEvent> Events, IReadOnlyList<NewDelivery> Deliveries) StillWanted(
        IReadOnlyList<PlannedEvent> plan, IReadOnlyDictionary<EventKey, DateTimeOffset> createdAt, ConfigSnapshot? changed)
    {
        var events = new List<NewEvent>(createdAt.Count);
        var deliveries = new List<NewDelivery>();
        foreach (var planned in plan.DistinctBy(planned => EventKey.Of(planned.Event)))
        {
            if (createdAt.TryGetValue(EventKey.Of(planned.Event), out var moment))
            {
                var accepted = new NewEvent(planned.Event, moment);
                events.Add(accepted);
                deliveries.AddRange(planned.Takers.Where(taker => changed is null || StillTakes(taker, changed)).Select(taker => NewDelivery.For(accepted, taker)));
            }
        }

        return (events, deliveries);
    }

    // One that was disabled meanwhile takes none of these, even when it is active again: what was there was canceled.
    private static bool StillTakes(Taker taker, ConfigSnapshot config) =>
        config.ById.TryGetValue(taker.Subscription.Id, out var now)
        && SubscriptionMatch.TakesEvents(now) && now.CancelBefore == taker.Subscription.CancelBefore;

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
