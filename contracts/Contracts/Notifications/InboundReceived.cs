using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// A source's authentic webhook that maps to no command (<see cref="NotificationTypes.InboundReceived"/>). Told once, however
/// often its sender repeats it.
/// </summary>
public sealed record InboundReceived : Notification<ReceivedInbound>;

/// <summary>A webhook that is no command.</summary>
public sealed record ReceivedInbound
{
    /// <summary>The source, <c>src_…</c>.</summary>
    [JsonPropertyName("source_id")]
    public required string SourceId { get; init; }

    /// <summary>The source's kind, such as <c>jira</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>The source's external system, such as <c>JIRA</c>.</summary>
    [JsonPropertyName("external_system")]
    public required string ExternalSystem { get; init; }

    /// <summary>What identifies it among the source's webhooks.</summary>
    [JsonPropertyName("idempotency_key")]
    public required string IdempotencyKey { get; init; }

    /// <summary>The exception that it is about; null: it names none.</summary>
    [JsonPropertyName("exception_id")]
    public string? ExceptionId { get; init; }

    /// <summary>Why it is no command: <c>not_json</c>, <c>exception_id_missing</c>, or a code of the callback API such as <c>validation_failed</c>.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>The same in sentences.</summary>
    [JsonPropertyName("detail")]
    public required string Detail { get; init; }

    /// <summary>The webhook's body; null when it is no JSON object, or larger than 64 KiB.</summary>
    [JsonPropertyName("payload")]
    public JsonElement? Payload { get; init; }
}
