using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Load.Baseline;

/// <summary>An event as the baseline's consumer reads it, and its body as it sends it: the same members in the same order.</summary>
public sealed record PlainEvent
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("timestamp")]
    public string? Timestamp { get; init; }

    [JsonPropertyName("version")]
    public string? Version { get; init; }

    [JsonPropertyName("tenant_id")]
    public required string TenantId { get; init; }

    [JsonPropertyName("context_id")]
    public string? ContextId { get; init; }

    [JsonPropertyName("data")]
    public JsonElement Data { get; init; }

    [JsonPropertyName("metadata")]
    public JsonElement Metadata { get; init; }
}
