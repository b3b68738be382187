using System.Reflection;
using System.Text;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Management.Catalog;

/// <summary>A documented event type.</summary>
/// <param name="Type">Its name.</param>
/// <param name="Description">When it happens.</param>
/// <param name="Schema">JSON Schema of its data; null when there is none.</param>
/// <param name="Example">The example as documented.</param>
/// <param name="Event">The example as an event, of no tenant in particular.</param>
internal sealed record CatalogType(string Type, string Description, byte[]? Schema, byte[] Example, AcceptedEvent Event);

/// <summary>The event types that are built in, by name.</summary>
internal static class EventCatalog
{
    /// <summary>What a test send brings unless it names another type.</summary>
    public const string TestType = "webhook.test";

    private const string Tenant = "tenant_001";

    private static readonly Assembly Assembly = Assembly.GetExecutingAssembly();

    public static IReadOnlyList<CatalogType> All { get; } = [.. Read()];

    public static CatalogType? Find(string type) => All.FirstOrDefault(known => known.Type == type);

    private static IEnumerable<CatalogType> Read()
    {
        const string Root = "catalog/";
        var types = Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Root, StringComparison.Ordinal))
            .Select(name => name[Root.Length..name.LastIndexOf('/')])
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        foreach (var type in types)
        {
            var example = File(type, "example.json") ?? throw new InvalidOperationException($"The event type {type} has no example.");
            var description = File(type, "description.txt") ?? throw new InvalidOperationException($"The event type {type} has no description.");
            yield return EventReader.Read(example, tenantId: Tenant, reserved: true) is EventReading.Accepted { Event: var read } && read.Type == type
                ? new CatalogType(type, Encoding.UTF8.GetString(description).Trim(), File(type, "schema.json"), example, read.AcceptedAt(DateTimeOffset.UnixEpoch))
                : throw new InvalidOperationException($"The example of {type} is no event of that type.");
        }
    }

    private static byte[]? File(string type, string name)
    {
        using var stream = Assembly.GetManifestResourceStream($"catalog/{type}/{name}");
        if (stream is null)
        {
            return null;
        }

        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
