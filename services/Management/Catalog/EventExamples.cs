using System.Reflection;
using Webhooks.Subscriptions.Events;
using Webhooks.Subscriptions.Matching;

namespace Webhooks.Management.Catalog;

/// <summary>The documented example of each event type, to try settings on before they are saved.</summary>
internal static class EventExamples
{
    private const string Tenant = "tenant_001";

    /// <summary>By their types, in alphabetical order.</summary>
    public static IReadOnlyList<AcceptedEvent> All { get; } = [.. Read()];

    /// <summary>For what does not depend on the type.</summary>
    public static AcceptedEvent Any => All[0];

    /// <summary>Those whose types are named, or lie below one that is. <c>*</c> names none: it is for whoever takes anything.</summary>
    public static IEnumerable<AcceptedEvent> NamedBy(IEnumerable<string> eventTypes)
    {
        EventTypePattern[] patterns = [.. eventTypes.Where(type => type != "*").Select(EventTypePattern.Parse)];
        return All.Where(example => Array.Exists(patterns, pattern => pattern.Matches(example.Type)));
    }

    private static IEnumerable<AcceptedEvent> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("catalog/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var body = new byte[stream.Length];
            stream.ReadExactly(body);
            yield return EventReader.Read(body, tenantId: Tenant, reserved: true) is EventReading.Accepted { Event: var example }
                ? example.AcceptedAt(DateTimeOffset.UnixEpoch)
                : throw new InvalidOperationException($"{name} is no valid event.");
        }
    }
}
