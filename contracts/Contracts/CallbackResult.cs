using System.Text.Json.Serialization;

namespace Webhooks.Contracts;

/// <summary>
/// What became of a command, as the domain service tells it on <see cref="BrokerNames.ResultsExchange"/> (any routing key).
/// May be repeated. A result for a command that nobody knows is parked.
/// </summary>
public sealed record CallbackResult
{
    /// <summary>The command was carried out: its idempotency key is done for good.</summary>
    public const string Applied = "applied";

    /// <summary>It was not: the same idempotency key may be processed again.</summary>
    public const string Failed = "failed";

    /// <summary>The command's.</summary>
    [JsonPropertyName("command_id")]
    public required Guid CommandId { get; init; }

    /// <summary><see cref="Applied"/> or <see cref="Failed"/>.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    /// <summary>A sentence for people, shown with the callback; null when there is nothing to say.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }
}
