using System.Text;
using System.Text.Json;
using Webhooks.Local.Running;

namespace Webhooks.Local.Demo;

/// <summary>A documented example from the catalog, given to a tenant.</summary>
/// <param name="Id">As documented.</param>
/// <param name="Type">The folder it came from, and the routing key.</param>
/// <param name="Body">The documented bytes with <c>tenant_id</c> put first: not parsed and written again, so 1000.0 stays 1000.0.</param>
internal sealed record ExampleEvent(string Id, string Type, byte[] Body)
{
    // Only the system publishes these.
    private const string OwnTypes = "webhook.";

    public static IReadOnlyList<ExampleEvent> ReadCatalog(string tenant) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "contracts", "catalog"), "example.json", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(file => Read(File.ReadAllText(file), tenant))
            .Where(example => !example.Type.StartsWith(OwnTypes, StringComparison.Ordinal)),
    ];

    private static ExampleEvent Read(string example, string tenant)
    {
        using var document = JsonDocument.Parse(example);
        var start = example.IndexOf('{', StringComparison.Ordinal) + 1;
        return new ExampleEvent(
            document.RootElement.GetProperty("id").GetString()!,
            document.RootElement.GetProperty("type").GetString()!,
            Encoding.UTF8.GetBytes($"{example[..start]}\n  \"tenant_id\": \"{tenant}\",{example[start..]}"));
    }
}
