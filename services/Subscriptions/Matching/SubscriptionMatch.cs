using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Storage;

namespace Webhooks.Subscriptions.Matching;

/// <summary>Why a subscription does not get an event.</summary>
/// <param name="Code">What kept it: its state's name, <c>type</c> or <c>filter</c>; never changes.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record NonMatch(string Code, string Detail);

/// <summary>
/// What decides whether a subscription gets an event: its state, its types, its filter. The index asks the first two of
/// many subscriptions at once; here one is asked, and says why not. Pure.
/// </summary>
public static class SubscriptionMatch
{
    /// <summary>Does its state let it take events at all? Paused, it does: what they become waits.</summary>
    public static bool TakesEvents(Subscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return subscription is { State: not SubscriptionState.Disabled, Deleted: false };
    }

    /// <summary>What the index leaves open.</summary>
    public static bool FulfilsFilter(Subscription subscription, LazyDocument document)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(document);
        return subscription.Settings.Filter is not { } filter || filter.Matches(document.Root);
    }

    /// <summary>Null: a subscription of the event's tenant gets it.</summary>
    /// <param name="subscription">One that is not deleted.</param>
    /// <param name="eventType">The event's type.</param>
    /// <param name="document">The event.</param>
    public static NonMatch? FindObstacle(Subscription subscription, string eventType, LazyDocument document)
    {
        if (!TakesEvents(subscription))
        {
            var state = SubscriptionStateName.Of(subscription.State);
            return new NonMatch(state, $"The subscription is {state}{(subscription.DisabledReason is { } reason ? $" ({reason})" : "")}.");
        }

        if (!subscription.Settings.EventTypes.Any(pattern => EventTypePattern.Parse(pattern).Matches(eventType)))
        {
            return new NonMatch("type", $"None of its event types takes {eventType}.");
        }

        return FulfilsFilter(subscription, document) ? null
            : new NonMatch("filter", $"Its filter does not hold: {subscription.Settings.Filter!.FindObstacle(document.Root)}.");
    }
}
