using System.Text.Json;
using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// The command that a callback of an external system becomes. Published as JSON to <see cref="BrokerNames.CommandsExchange"/>
/// with the key <see cref="RoutingKey"/>; the AMQP message id is <see cref="CommandId"/>. It may arrive more than once, always
/// with the same id and the same content: apply it once, and answer with a <see cref="CallbackResult"/>.
/// </summary>
public sealed record ApplyExceptionCallback
{
    /// <summary>The key that these commands are published with.</summary>
    public const string RoutingKey = "exception.apply-callback";

    /// <summary>A function of tenant, system, exception and idempotency key: the same callback always has the same id.</summary>
    [JsonPropertyName("command_id")]
    public required Guid CommandId { get; init; }

    /// <summary>Whose exception it is.</summary>
    [JsonPropertyName("tenant_id")]
    public required string TenantId { get; init; }

    /// <summary>1–128 of <c>A-Za-z0-9_.:-</c>. Whether it exists is the domain service's to know.</summary>
    [JsonPropertyName("exception_id")]
    public required string ExceptionId { get; init; }

    /// <summary>Upper case, such as <c>JIRA</c>.</summary>
    [JsonPropertyName("external_system")]
    public required string ExternalSystem { get; init; }

    /// <summary>The system's own name of its ticket, such as <c>RECON-1234</c>.</summary>
    [JsonPropertyName("external_issue_id")]
    public required string ExternalIssueId { get; init; }

    /// <summary><c>OPEN</c>, <c>ASSIGNED</c>, <c>PENDING_RESOLUTION</c> or <c>RESOLVED</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>Free text, at most 10,000 characters; null when not said.</summary>
    [JsonPropertyName("resolution_notes")]
    public string? ResolutionNotes { get; init; }

    /// <summary>Always there when <see cref="Status"/> is <c>ASSIGNED</c>.</summary>
    [JsonPropertyName("assignee")]
    public string? Assignee { get; init; }

    /// <summary>RFC 3339; null when not said.</summary>
    [JsonPropertyName("due_at")]
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the external system changed its ticket; null when not said.</summary>
    [JsonPropertyName("updated_at")]
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>What kind of callback, in the system's words, such as <c>status_update</c>; null when not said.</summary>
    [JsonPropertyName("callback_type")]
    public string? CallbackType { get; init; }

    /// <summary>
    /// An object: what the callback had under <c>payload</c>, and beside it every member that has no place above; null when there
    /// is neither.
    /// </summary>
    [JsonPropertyName("payload")]
    public JsonElement? Payload { get; init; }

    /// <summary>True: a callback with a later <see cref="UpdatedAt"/> for the same exception and system was accepted before this one.</summary>
    [JsonPropertyName("superseded")]
    public required bool Superseded { get; init; }

    /// <summary>As the caller gave it.</summary>
    [JsonPropertyName("idempotency_key")]
    public required string IdempotencyKey { get; init; }

    /// <summary>When the callback was taken in, UTC.</summary>
    [JsonPropertyName("received_at")]
    public required DateTimeOffset ReceivedAt { get; init; }
}
