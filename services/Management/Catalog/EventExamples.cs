using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Management.Catalog;

/// <summary>The documented example of each event type, to try settings on before they are saved.</summary>
internal static class EventExamples
{
    /// <summary>By their types, in alphabetical order.</summary>
    public static IReadOnlyList<AcceptedEvent> All { get; } = [.. EventCatalog.All.Select(known => known.Event)];

    /// <summary>For what does not depend on the type.</summary>
    public static AcceptedEvent Any => All[0];

    /// <summary>Those whose types are named, or lie below one that is. <c>*</c> names none: it is for whoever takes anything.</summary>
    public static IEnumerable<AcceptedEvent> NamedBy(IEnumerable<string> eventTypes)
    {
        EventTypePattern[] patterns = [.. eventTypes.Where(type => type != "*").Select(EventTypePattern.Parse)];
        return All.Where(example => Array.Exists(patterns, pattern => pattern.Matches(example.Type)));
    }
}
