using System.Collections.Immutable;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Matching;

/// <summary>
/// Finds the subscriptions of a tenant that want an event type, in as many look-ups as the type has words, plus one.
/// Immutable: a change makes a new index that shares what did not change, and readers keep the one they hold.
/// </summary>
public sealed class SubscriptionIndex
{
    private readonly ImmutableDictionary<Guid, Subscription> _subscriptions;
    private readonly ImmutableDictionary<Place, Subscription[]> _wanting;

    private SubscriptionIndex(ImmutableDictionary<Guid, Subscription> subscriptions, ImmutableDictionary<Place, Subscription[]> wanting)
    {
        _subscriptions = subscriptions;
        _wanting = wanting;
    }

    public static SubscriptionIndex Empty { get; } =
        new(ImmutableDictionary<Guid, Subscription>.Empty, ImmutableDictionary<Place, Subscription[]>.Empty);

    public static SubscriptionIndex From(IEnumerable<Subscription> subscriptions) => Empty.With(subscriptions);

    /// <summary>How many subscriptions can match at all.</summary>
    public int Count => _subscriptions.Count;

    /// <summary>The subscriptions that take events and want the type, each once.</summary>
    public IReadOnlyList<Subscription> Match(string tenantId, string eventType)
    {
        ArgumentNullException.ThrowIfNull(tenantId);
        ArgumentNullException.ThrowIfNull(eventType);

        var found = Wanting(tenantId, eventType);
        for (var dot = eventType.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = eventType.IndexOf('.', dot + 1))
        {
            found = Join(found, Wanting(tenantId, eventType[..(dot + 1)]));
        }

        return EventRules.IsReserved(eventType) ? found : Join(found, Wanting(tenantId, ""));
    }

    /// <summary>The index after these subscriptions were created, changed, disabled or deleted; of the same one twice, the last counts.</summary>
    public SubscriptionIndex With(params IEnumerable<Subscription> changed)
    {
        ArgumentNullException.ThrowIfNull(changed);

        var latest = new Dictionary<Guid, Subscription>();
        foreach (var subscription in changed)
        {
            latest[subscription.Id] = subscription;
        }

        // Place by place, so that ten thousand changes in one place copy its list once.
        var arrivals = new Dictionary<Place, List<Subscription>>();
        var subscriptions = _subscriptions.ToBuilder();
        foreach (var subscription in latest.Values)
        {
            if (subscriptions.TryGetValue(subscription.Id, out var previous))
            {
                Touch(arrivals, previous);
                subscriptions.Remove(subscription.Id);
            }

            if (SubscriptionMatch.TakesEvents(subscription))
            {
                Touch(arrivals, subscription, arrives: true);
                subscriptions.Add(subscription.Id, subscription);
            }
        }

        return new SubscriptionIndex(subscriptions.ToImmutable(), Rearranged(latest, arrivals));
    }

    private ImmutableDictionary<Place, Subscription[]> Rearranged(
        Dictionary<Guid, Subscription> changed, Dictionary<Place, List<Subscription>> arrivals)
    {
        var wanting = _wanting.ToBuilder();
        foreach (var (place, arriving) in arrivals)
        {
            Subscription[] now = [.. _wanting.GetValueOrDefault(place, []).Where(one => !changed.ContainsKey(one.Id)), .. arriving];
            if (now.Length > 0)
            {
                wanting[place] = now;
            }
            else
            {
                wanting.Remove(place);
            }
        }

        return wanting.ToImmutable();
    }

    private static void Touch(Dictionary<Place, List<Subscription>> arrivals, Subscription subscription, bool arrives = false)
    {
        foreach (var place in PlacesOf(subscription))
        {
            if (!arrivals.TryGetValue(place, out var arriving))
            {
                arrivals.Add(place, arriving = []);
            }

            if (arrives)
            {
                arriving.Add(subscription);
            }
        }
    }

    /// <summary>
    /// Where a type's look-ups find the subscription. The places that one type visits lie one below the other, so a pattern
    /// that another one of the same subscription covers is left out, and then no type meets a subscription twice.
    /// </summary>
    private static IEnumerable<Place> PlacesOf(Subscription subscription)
    {
        EventTypePattern[] patterns = [.. subscription.Settings.EventTypes.Distinct().Select(EventTypePattern.Parse)];
        return patterns
            .Where(pattern => !Array.Exists(patterns, other => other != pattern && other.Covers(pattern)))
            .Select(pattern => new Place(subscription.TenantId, pattern.Key));
    }

    private Subscription[] Wanting(string tenantId, string key) => _wanting.GetValueOrDefault(new Place(tenantId, key), []);

    // Mostly one of them is empty and nothing is copied.
    private static Subscription[] Join(Subscription[] some, Subscription[] more) =>
        some.Length == 0 ? more : more.Length == 0 ? some : [.. some, .. more];

    /// <summary>A pattern's key, in a tenant.</summary>
    private readonly record struct Place(string TenantId, string Key);
}
