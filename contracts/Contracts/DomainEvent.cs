using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// Something that happened in a domain service. .NET publishers send it with MassTransit
/// (exchange <c>Webhooks.Contracts:DomainEvent</c>); any other AMQP client publishes the same JSON to
/// <see cref="BrokerNames.EventsExchange"/>. At most 256 KiB as sent.
/// </summary>
public sealed record DomainEvent
{
    /// <summary>1–128 of <c>A-Za-z0-9_.:-</c>. The same (tenant, id) again is accepted and not fanned out a second time.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Dotted type such as <c>exception.created</c>: <c>[a-z0-9_]+(\.[a-z0-9_]+)*</c>, at most 128.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>ISO 8601 with offset, sent on verbatim. Absent: the time of acceptance.</summary>
    [JsonPropertyName("timestamp"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Timestamp { get; init; }

    /// <summary>The payload's version. Absent: "1.0".</summary>
    [JsonPropertyName("version"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }

    /// <summary>1–64 of <c>A-Za-z0-9_-</c>. Whose event this is; not registered anywhere.</summary>
    [JsonPropertyName("tenant_id")]
    public required string TenantId { get; init; }

    /// <summary>What the event belongs to, such as a reconciliation context. Left out of the envelope when absent.</summary>
    [JsonPropertyName("context_id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContextId { get; init; }

    /// <summary>The payload, a JSON object nested at most 64 deep. Member order and number spelling reach the receiver unchanged.</summary>
    [JsonPropertyName("data")]
    public required JsonElement Data { get; init; }

    /// <summary>Optional object, for example <c>{"correlation_id":"…","source":"…"}</c>. Left out of the envelope when absent.</summary>
    [JsonPropertyName("metadata"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Metadata { get; init; }
}
