using System.Text;
using System.Text.Json;

namespace Webhooks.TestKit;

/// <summary>An event as a domain service publishes it: its bytes, and what a test has to know of them.</summary>
public sealed record TestEvent(string Id, string Type, string TenantId, byte[] Body)
{
    public const string Timestamp = "2024-01-20T10:30:00Z";

    /// <summary>A small event with an id of its own.</summary>
    public static TestEvent Create(string tenantId, string type, string? id = null, string data = "{}")
    {
        id ??= $"evt_{Guid.CreateVersion7():N}";
        var json = $$"""{"id":"{{id}}","type":"{{type}}","timestamp":"{{Timestamp}}","tenant_id":"{{tenantId}}","data":{{data}}}""";
        return new TestEvent(id, type, tenantId, Encoding.UTF8.GetBytes(json));
    }

    /// <summary>The event whose delivery a request is, in every profile whose envelope has the id.</summary>
    public static string IdOf(ReceivedRequest request)
    {
        using var body = JsonDocument.Parse(request.Body);
        return body.RootElement.GetProperty("id").GetString()!;
    }
}
