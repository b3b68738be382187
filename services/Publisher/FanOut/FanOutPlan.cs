using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Publisher.FanOut;

/// <summary>Decides which deliveries new events become. Pure, but for the random part of the ids.</summary>
internal static class FanOutPlan
{
    /// <summary>One delivery per event and matching subscription, in the order of the events; and how many of these that are.</summary>
    /// <param name="events">In the order of their acceptance.</param>
    /// <param name="subscriptions">Those there are.</param>
    /// <param name="most">So many deliveries, and whatever a single event makes.</param>
    public static (List<NewDelivery> Deliveries, int Events) Deliveries(IReadOnlyList<NewEvent> events, SubscriptionIndex subscriptions, int most)
    {
        var deliveries = new List<NewDelivery>(events.Count);
        for (var place = 0; place < events.Count; place++)
        {
            var (accepted, before) = (events[place], deliveries.Count);
            // Read only when a filter or an order asks for it, and then once for all of them.
            using var document = new LazyDocument(accepted.Event);
            foreach (var subscription in subscriptions.Match(accepted.Event.TenantId, accepted.Event.Type))
            {
                if (!SubscriptionMatch.FulfilsFilter(subscription, document))
                {
                    continue;
                }

                // The id carries the moment of acceptance, so that whoever has only the id finds the row's partition.
                deliveries.Add(new NewDelivery(
                    Guid.CreateVersion7(accepted.CreatedAt), accepted, subscription.Id, subscription.Revision, subscription.HasLane,
                    subscription.Settings.OrderingKey?.Of(document.Root)));
            }

            if (deliveries.Count > most && before > 0)
            {
                deliveries.RemoveRange(before, deliveries.Count - before);
                return (deliveries, place);
            }
        }

        return (deliveries, events.Count);
    }
}
